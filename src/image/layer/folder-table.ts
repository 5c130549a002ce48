import { isKernelError, type KernelError } from '../../base/error.ts';
import type { Descriptor } from '../../kernel/descriptor.ts';
import { FileType, mkdirat, unlinkat } from '../../kernel/file.ts';
import { OpenFlag, openInRoot, ResolveFlag } from '../../kernel/open.ts';
import { statx } from '../../kernel/stat.ts';
import { setXattr } from '../../kernel/xattr.ts';
import { refuse } from './entry-path.ts';
import { opaqueXattr } from './overlay-xattr.ts';
import { toNameBytes } from './tar-entry.ts';

/** Archives go through a tree depth first, so few folders are in use at a time. */
const maximumOpen = 400;

/**
 * The folders of a layer by descriptor. Paths are walked by openat2 with the layer's folder as
 * root, so that symbolic links of the layer lead where they will lead in a container, and nothing
 * leads out. A folder once opened is found again by its path until something was removed.
 */
export class FolderTable implements Disposable {
  readonly #root: number;
  readonly #open = new Map<string, Descriptor>();
  readonly #retired: Descriptor[] = [];
  readonly #implied = new Set<string>(['']);
  readonly #onMake: () => void;

  /** `onMake` hears of each folder that is made without an entry for it. */
  constructor(root: number, onMake: () => void) {
    this.#root = root;
    this.#onMake = onMake;
  }

  /** The folder with these names, made where the archive left it out. The table keeps it open. */
  open(names: readonly string[]): number {
    this.#closeRetired();
    const path = names.join('/');
    if (path === '') return this.#root;
    const known = this.#open.get(path);
    if (known !== undefined) return known.fd;
    const opened = this.#openOrMake(names, path);
    if (this.#open.size >= maximumOpen) this.#closeOldest();
    this.#open.set(path, opened);
    return opened.fd;
  }

  /** What is at the path, if it is a folder; the caller closes it. May follow the last name. */
  find(path: string, follow = false): Descriptor | undefined {
    const name = path === '' ? '.' : toNameBytes(path);
    try {
      return openInRoot(this.#root, name, how(follow ? 0 : OpenFlag.noFollow));
    } catch (error) {
      if (isKernelError(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
      throw error;
    }
  }

  /** The archive did have it. */
  setDeclared(path: string): void {
    this.#implied.delete(path);
  }

  get implied(): string[] {
    return [...this.#implied];
  }

  /** Needed whenever a path may now lead elsewhere. Descriptors given out last until `open`. */
  forget(): void {
    this.#retired.push(...this.#open.values());
    this.#open.clear();
  }

  [Symbol.dispose](): void {
    this.forget();
    this.#closeRetired();
  }

  #closeRetired(): void {
    for (const folder of this.#retired.splice(0)) folder.close();
  }

  #closeOldest(): void {
    const [oldest] = this.#open;
    if (oldest === undefined) return;
    oldest[1].close();
    this.#open.delete(oldest[0]);
  }

  #openOrMake(names: readonly string[], path: string): Descriptor {
    try {
      return openInRoot(this.#root, toNameBytes(path), how());
    } catch (error) {
      if (!isKernelError(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
      return this.#make(names, path, error);
    }
  }

  #make(names: readonly string[], path: string, cause: KernelError): Descriptor {
    const parent = this.open(names.slice(0, -1));
    this.#onMake();
    const name = toNameBytes(names.at(-1) ?? '');
    try {
      mkdirat(parent, name, 0o755);
      this.#implied.add(path);
    } catch (error) {
      if (!isKernelError(error, 'EEXIST')) throw error;
      if (!isWhiteout(parent, name)) throw refuse(path, 'is used as a folder but is none', cause);
      replaceWhiteout(parent, name);
      this.#implied.add(path);
    }
    return openInRoot(parent, name, how(OpenFlag.noFollow));
  }
}

/** A whiteout of overlayfs: a character device 0, 0. */
export function isWhiteout(at: number, name: string | Buffer): boolean {
  const status = statx(at, name);
  const { major, minor } = status.represents;
  const isDevice = (status.mode & FileType.mask) === FileType.characterDevice;
  return isDevice && major === 0 && minor === 0;
}

/** A folder in the place of a whiteout still hides what the whiteout hid. */
export function replaceWhiteout(at: number, name: string | Buffer): void {
  unlinkat(at, name);
  mkdirat(at, name, 0o755);
  using folder = openInRoot(at, name, how(OpenFlag.noFollow));
  setXattr(folder.fd, opaqueXattr);
}

/** Opened for reading, not O_PATH: attributes and times are set on these very descriptors. */
function how(flags = 0): { flags: number; resolve: number } {
  return {
    flags: OpenFlag.directory | OpenFlag.readOnly | flags,
    resolve: ResolveFlag.noMounts,
  };
}
