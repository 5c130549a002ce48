import { DomainError, isKernelError } from '../../base/error.ts';
import { mkdirat } from '../../kernel/file.ts';
import { isFolder, statx } from '../../kernel/stat.ts';
import { EntryBounds } from '../layer/entry-bounds.ts';
import type { TarEntry } from '../layer/tar-entry.ts';
import { TarReader, type TarHandler } from '../layer/tar-reader.ts';
import { TreeWriter } from '../layer/tree-writer.ts';
import { openFolderInside, splitPlace } from './copy-out.ts';

export interface CopyInRequest {
  /** In the container, as a person wrote it. */
  readonly path: string;
  /**
   * The one thing at the top of the archive, which gets the path's name where no folder is there;
   * empty for contents alone, which go into the folder at the path.
   */
  readonly name: string;
  readonly isFolder: boolean;
  /** Of everything that is made; what the archive says when it is left out. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/** Takes an archive in parts of any size. */
export interface CopyIn extends Disposable {
  write(bytes: Buffer): void;
  finish(): void;
}

/**
 * Puts an archive into a container. The place is found below the container's root by openat2, and
 * everything is made by descriptors below that place: whatever links the container has, or makes
 * meanwhile, nothing outside is reached. Throws DomainError `notFound` for a folder that is not
 * there, `conflict` where a folder and a file would replace each other.
 */
export function copyIn(root: number, request: CopyInRequest): CopyIn {
  const { folder, name } = targetOf(root, request);
  using undo = new DisposableStack();
  const place = undo.use(openFolderInside(root, folder, request.path));
  const bounds = new EntryBounds();
  const options = { root: place.fd, bounds, lowest: true, refuseDevices: true, keepFolders: true };
  const tree = undo.use(new TreeWriter(options));
  const handler = renaming(tree, { from: request.name, to: name, owner: request.owner });
  const reader = new TarReader(handler);
  const stack = undo.move();
  return {
    write: (bytes) => reader.write(bytes),
    finish() {
      reader.finish();
      tree.finish();
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}

/** Where it goes, and under which name; the name is empty for contents. */
function targetOf(root: number, request: CopyInRequest): { folder: string; name: string } {
  const { path, name, isFolder: givesFolder } = request;
  const kind = kindOf(root, path);
  if (name === '') {
    if (kind === 'absent' && givesFolder) makeFolder(root, path);
    else if (kind !== 'folder') throw notFolder(path);
    return { folder: path, name: '' };
  }
  if (kind === 'folder') return { folder: path, name };
  if (path.endsWith('/') && !(kind === 'absent' && givesFolder)) throw notFolder(path);
  if (kind === 'file' && givesFolder) {
    throw new DomainError('conflict', `"${path}" in the container is a file, not a folder`);
  }
  return splitPlace(path);
}

function kindOf(root: number, path: string): 'folder' | 'file' | 'absent' {
  try {
    using _folder = openFolderInside(root, path, path);
    return 'folder';
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
  }
  const { folder, name } = splitPlace(path);
  using parent = openFolderInside(root, folder, path);
  try {
    return isFolder(statx(parent.fd, name)) ? 'folder' : 'file';
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return 'absent';
    throw error;
  }
}

function makeFolder(root: number, path: string): void {
  const { folder, name } = splitPlace(path);
  using parent = openFolderInside(root, folder, path);
  mkdirat(parent.fd, name, 0o755);
}

function notFolder(path: string): DomainError {
  return new DomainError('notFound', `There is no folder "${path}" in the container`);
}

/** The writer, for an archive whose topmost entry has another name, and other owners. */
function renaming(
  tree: TreeWriter,
  { from, to, owner }: { from: string; to: string; owner: CopyInRequest['owner'] },
): TarHandler {
  const rename = (path: string): string =>
    from !== '' && (path === from || path.startsWith(`${from}/`))
      ? `${to}${path.slice(from.length)}`
      : path;
  return {
    entry(entry: TarEntry, _offset: number) {
      const linkName = entry.type === 'hardLink' ? rename(entry.linkName) : entry.linkName;
      tree.entry({ ...entry, name: rename(entry.name), linkName, ...owner });
    },
    data: (bytes, position) => tree.data(bytes, position),
    end: () => tree.end(),
  };
}
