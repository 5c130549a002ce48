import { DomainError, isKernelError } from '../base/error.ts';
import { addon } from './addon.ts';
import { Descriptor } from './descriptor.ts';
import type { Path } from './addon/file-addon.ts';
import { kindOfFlag, type NamespaceKind } from './namespace-kind.ts';
import { currentFolder, openat2, OpenFlag } from './open.ts';
import { FileSystem, fstat, fstatfs } from './stat.ts';

/**
 * An open namespace. It exists at least until this is closed, also without any process in it.
 * Close it, or hold it with `using`.
 */
export class Namespace implements Disposable {
  readonly kind: NamespaceKind;
  readonly descriptor: Descriptor;

  /** Takes over the descriptor. */
  constructor(kind: NamespaceKind, descriptor: Descriptor) {
    this.kind = kind;
    this.descriptor = descriptor;
  }

  get fd(): number {
    return this.descriptor.fd;
  }

  /** The number that identifies a namespace, as `readlink /proc/PID/ns/KIND` and lsns show it. */
  get inode(): bigint {
    return fstat(this.fd).inode;
  }

  /** Whether both are the same namespace. */
  is(other: Namespace): boolean {
    const [ours, theirs] = [fstat(this.fd), fstat(other.fd)];
    return ours.inode === theirs.inode && ours.device.minor === theirs.device.minor;
  }

  /**
   * The namespace that this one was made in; only pid and user namespaces have one (EINVAL).
   * EPERM when it lies outside what the caller may see.
   */
  parent(): Namespace {
    return new Namespace(this.kind, new Descriptor(addon.namespaceParent(this.fd)));
  }

  /** The user namespace whose capabilities rule this namespace. EPERM as for `parent`. */
  owner(): Namespace {
    return new Namespace('user', new Descriptor(addon.namespaceOwner(this.fd)));
  }

  /** The user who made a user namespace; EINVAL for other kinds. */
  ownerUid(): number {
    return addon.namespaceOwnerUid(this.fd);
  }

  /**
   * Keeps the namespace by a file, until `unpinNamespace`. The file must not exist (EEXIST); its
   * folder must. Equivalent: `touch PATH; mount --bind /proc/PID/ns/KIND PATH`.
   */
  pin(path: string): void {
    addon.pinNamespace(this.fd, path);
  }

  close(): void {
    this.descriptor.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Opens a namespace by the file it is pinned on (or `/proc/PID/ns/KIND`), and makes sure that it
 * is one, and of the kind asked for: setns would join whatever it is given.
 * Throws DomainError `invalid` when it is not; KernelError ENOENT when there is no such file.
 */
export function openNamespace(path: Path, kind?: NamespaceKind): Namespace {
  // Opened for real only after the check: a fifo at the path would wait, a device would act.
  using place = openat2(currentFolder, path, { flags: OpenFlag.path });
  if (fstatfs(place.fd).type !== FileSystem.nsfs) {
    throw new DomainError('invalid', `File "${String(path)}" is no namespace`);
  }
  using descriptor = openat2(currentFolder, `/proc/self/fd/${place.fd}`);
  const found = kindOfFlag(addon.namespaceType(descriptor.fd));
  if (kind !== undefined && kind !== found) {
    throw new DomainError('invalid', `File "${String(path)}" is a ${found} namespace, no ${kind}`);
  }
  return new Namespace(found, new Descriptor(descriptor.release()));
}

/**
 * Opens a process's namespace. For `pid` and `time` that of the process itself, which may differ
 * from the one its children get. Throws DomainError `notFound` when the process has ended.
 */
export function openNamespaceOf(pid: number, kind: NamespaceKind): Namespace {
  try {
    return openNamespace(`/proc/${pid}/ns/${kind}`, kind);
  } catch (error) {
    if (!isKernelError(error, 'ENOENT', 'ESRCH')) throw error;
    throw new DomainError('notFound', `Process ${pid} does not exist`, { cause: error });
  }
}

/**
 * Removes a pin: the mount and its file. The namespace ends when nothing else holds it.
 * Succeeds when the file is already gone, or is no mount any more.
 */
export function unpinNamespace(path: string): void {
  addon.unpinNamespace(path);
}

/**
 * Moves the calling thread into new namespaces, unshare(2): raw, for a worker thread of your own
 * that does nothing else afterwards and is never used again. `flags` are CloneFlag values.
 *
 * Limits in a Node process: `user` fails with EINVAL, for the process has threads. `pid` and
 * `time` change only where later children go. `mnt` also gives the thread its own working folder
 * and root; Node's asynchronous file calls run on other threads and still see the old mounts.
 * On the main thread every one of these outlives the call and confuses the process: use
 * `createNamespaces` or `spawn` instead.
 */
export function unshare(flags: number): void {
  addon.unshare(flags);
}

/**
 * Moves the calling thread into a namespace, setns(2): raw, with the limits of `unshare`. `fd` is
 * a namespace, or a pidfd with several flags or-ed (Linux 5.8). `mnt` needs `unshare(CloneFlag.fs)`
 * first, else EINVAL, for the working folder is shared among threads; `user` always fails.
 */
export function setns(fd: number, flags: number): void {
  addon.setns(fd, flags);
}
