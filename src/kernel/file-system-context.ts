import { addon } from './addon.ts';
import { Descriptor } from './descriptor.ts';
import type { Path } from './addon/file-addon.ts';
import type { Place } from './file.ts';

// enum fsconfig_command
const command = {
  setFlag: 0,
  setString: 1,
  setBinary: 2,
  setPath: 3,
  setPathEmpty: 4,
  setDescriptor: 5,
  create: 6,
  reconfigure: 7,
  createExclusive: 8,
} as const;

/**
 * A file system being set up, fsopen(2): each parameter is checked when it is set, without the
 * 4095 bytes that mount(2) takes and without commas to escape. When a call fails, `text` of the
 * KernelError has what the kernel said about it: `overlay: missing 'lowerdir'`.
 *
 * ```ts
 * using context = FileSystemContext.open('tmpfs');
 * context.setString('size', '64m').create();
 * using detached = context.mount(MountAttribute.noSuid);
 * moveMount({ at: detached.fd, path: '' }, { at: currentFolder, path: '/mnt' });
 * ```
 */
export class FileSystemContext implements Disposable {
  readonly descriptor: Descriptor;

  private constructor(descriptor: Descriptor) {
    this.descriptor = descriptor;
  }

  /** A new file system of a type. ENODEV when the kernel has none, ENOSYS before Linux 5.2. */
  static open(fileSystem: string): FileSystemContext {
    return new FileSystemContext(new Descriptor(addon.fsopen(fileSystem)));
  }

  /** That of a mount, to be changed by `reconfigure`, fspick(2). The empty path means `at`. */
  static pick(at: number, path: Path): FileSystemContext {
    return new FileSystemContext(new Descriptor(addon.fspick(at, path)));
  }

  /** An option without a value: `ro`. */
  setFlag(key: string): this {
    return this.#configure(command.setFlag, key);
  }

  /** An option with a value, at most 255 bytes; `source` is the device. */
  setString(key: string, value: string): this {
    return this.#configure(command.setString, key, value);
  }

  /** A value of bytes, at most 1 MiB. */
  setBinary(key: string, value: Uint8Array): this {
    return this.#configure(command.setBinary, key, value, value.length);
  }

  /** A value that is a file, looked up now. The empty path means `place.at` itself. */
  setPath(key: string, place: Place): this {
    const kind = place.path.length === 0 ? command.setPathEmpty : command.setPath;
    return this.#configure(kind, key, place.path, place.at);
  }

  /** A value that is an open file: an overlay's layer since Linux 6.13. */
  setDescriptor(key: string, fd: number): this {
    return this.#configure(command.setDescriptor, key, undefined, fd);
  }

  /** Makes the file system. `exclusive` fails with EBUSY when it would be one that is there. */
  create(options: { readonly exclusive?: boolean } = {}): this {
    const exclusive = options.exclusive === true;
    return this.#configure(exclusive ? command.createExclusive : command.create);
  }

  /** Applies what was set to the file system that was picked. */
  reconfigure(): this {
    return this.#configure(command.reconfigure);
  }

  /** A mount of what was created, attached nowhere, fsmount(2). MountAttribute values, or-ed. */
  mount(attributes = 0): Descriptor {
    return new Descriptor(addon.fsmount(this.descriptor.fd, attributes));
  }

  [Symbol.dispose](): void {
    this.descriptor.close();
  }

  // oxlint-disable-next-line max-params -- fsconfig(2) has them
  #configure(kind: number, key?: string, value?: Path, number = 0): this {
    addon.fsconfig(this.descriptor.fd, kind, key, value, number);
    return this;
  }
}
