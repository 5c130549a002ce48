import { isKernelError } from '../../base/error.ts';
import type { Descriptor } from '../../kernel/descriptor.ts';
import { FileType } from '../../kernel/file.ts';
import { listNames } from '../../kernel/folder.ts';
import { currentFolder, OpenFlag, openat2, ResolveFlag } from '../../kernel/open.ts';
import { isFolder, statx, type FileStatus } from '../../kernel/stat.ts';
import { getXattr } from '../../kernel/xattr.ts';
import { opaqueXattr } from './overlay-xattr.ts';
import { toNameBytes } from './tar-entry.ts';

/** What a name in a merged folder stands for: the topmost that is not hidden. */
export interface MergedChild {
  /** The folder, of one of the layers, that holds it. */
  readonly at: number;
  readonly name: string | Buffer;
  readonly status: FileStatus;
  /** Where it is a folder: all folders that show through it, topmost first. */
  readonly folders: readonly number[];
}

/**
 * One folder as overlayfs would show it, read from the layers themselves without a mount: the
 * process's own mount namespace stays as it is. Whiteouts hide, opaque folders cut off what lies
 * below. All by descriptors, for a container may be changing its own layer at the time.
 */
export class MergedFolder implements Disposable {
  readonly #folders: readonly Descriptor[];

  private constructor(folders: readonly Descriptor[]) {
    this.#folders = folders;
  }

  /** The root of the folders given, topmost first. */
  static openRoot(paths: readonly string[]): MergedFolder {
    return openAll(paths.map((path) => () => openat2(currentFolder, path, folderHow)));
  }

  /** The folder's own topmost descriptor. */
  get top(): number {
    const [top] = this.#folders;
    if (top === undefined) throw new Error('A merged folder of no layers');
    return top.fd;
  }

  get isOpaque(): boolean {
    return isOpaque(this.top);
  }

  /** All names, sorted by their bytes, those that are hidden included. */
  names(): string[] {
    if (this.#folders.length === 1) return listNames(this.top);
    const names = new Set(this.#folders.flatMap((folder) => listNames(folder.fd)));
    return [...names].toSorted();
  }

  /** Undefined when there is none, or a whiteout hides it. */
  child(text: string): MergedChild | undefined {
    const name = toNameBytes(text);
    let found: MergedChild | undefined;
    const folders: number[] = [];
    for (const { fd } of this.#folders) {
      const status = statIfAny(fd, name);
      if (status === undefined) continue;
      if (!isFolder(status)) {
        if (found !== undefined || isWhiteoutStatus(status)) break;
        return { at: fd, name, status, folders: [] };
      }
      found ??= { at: fd, name, status, folders };
      folders.push(fd);
      if (isOpaqueAt(fd, name)) break;
    }
    return found;
  }

  /** The child must be a folder. */
  openChild(child: MergedChild): MergedFolder {
    const how = { ...folderHow, resolve: ResolveFlag.beneath | ResolveFlag.noSymlinks };
    return openAll(child.folders.map((at) => () => openat2(at, child.name, how)));
  }

  [Symbol.dispose](): void {
    for (const folder of this.#folders) folder.close();
  }

  static of(folders: readonly Descriptor[]): MergedFolder {
    return new MergedFolder(folders);
  }
}

/** A character device 0, 0. */
export function isWhiteoutStatus({ mode, represents }: FileStatus): boolean {
  const isDevice = (mode & FileType.mask) === FileType.characterDevice;
  return isDevice && represents.major === 0 && represents.minor === 0;
}

export function isOpaque(fd: number): boolean {
  return getXattr(fd, opaqueXattr.name)?.equals(opaqueXattr.value) ?? false;
}

const folderHow = { flags: OpenFlag.directory | OpenFlag.noFollow };

function openAll(opens: readonly (() => Descriptor)[]): MergedFolder {
  using undo = new DisposableStack();
  const folders = opens.map((open) => undo.use(open()));
  undo.move();
  return MergedFolder.of(folders);
}

function statIfAny(at: number, name: string | Buffer): FileStatus | undefined {
  try {
    return statx(at, name);
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isOpaqueAt(at: number, name: string | Buffer): boolean {
  try {
    using folder = openat2(at, name, folderHow);
    return isOpaque(folder.fd);
  } catch (error) {
    // Replaced or removed meanwhile.
    if (isKernelError(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return false;
    throw error;
  }
}
