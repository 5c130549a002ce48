import { isKernelError } from '../../base/error.ts';
import {
  fchownat,
  FileType,
  linkat,
  mknodat,
  symlinkat,
  utimensat,
  type Place,
} from '../../kernel/file.ts';
import { statx } from '../../kernel/stat.ts';
import { refuse, splitPath } from './entry-path.ts';
import { isWhiteout, type FolderTable } from './folder-table.ts';
import { removeTree } from './remove-tree.ts';
import { toNameBytes, toNameText, type TarEntry } from './tar-entry.ts';

/** A place in a folder, its path a single name. */
export interface Spot extends Place {
  readonly path: string | Buffer;
}

/** Makes something that must not exist yet; what an earlier entry put there is removed first. */
export function makeAnew<Made>(spot: Spot, folders: FolderTable, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (!isKernelError(error, 'EEXIST')) throw error;
    removeTree(spot.at, spot.path);
    // The removed may have been a folder or a link that known paths went through.
    folders.forget();
    return make();
  }
}

export function makeSymbolicLink(entry: TarEntry, spot: Spot, folders: FolderTable): void {
  makeAnew(spot, folders, () => symlinkat(toNameBytes(entry.linkName), spot));
  fchownat(spot.at, spot.path, entry);
  utimensat(spot.at, spot.path, { accessed: entry.modified, modified: entry.modified });
}

const nodeTypes = {
  character: FileType.characterDevice,
  block: FileType.blockDevice,
  fifo: FileType.fifo,
} as const;

/** A device or fifo. The thread's umask is zero, so that the mode needs no second call. */
export function makeNode(
  entry: TarEntry & { readonly type: keyof typeof nodeTypes },
  spot: Spot,
  folders: FolderTable,
): void {
  const { major, minor } = entry;
  const mode = nodeTypes[entry.type] | entry.mode;
  makeAnew(spot, folders, () => mknodat(spot.at, spot.path, { mode, major, minor }));
  fchownat(spot.at, spot.path, entry);
  utimensat(spot.at, spot.path, { accessed: entry.modified, modified: entry.modified });
}

/** A hard link to what this same layer already holds; links into lower layers cannot be made. */
export function makeHardLink(entry: TarEntry, spot: Spot, folders: FolderTable): void {
  const names = splitPath(entry.linkName);
  const name = names.pop();
  using parent = name === undefined ? undefined : folders.find(names.join('/'), true);
  if (name === undefined || parent === undefined) throw missing(entry);
  const target = { at: parent.fd, path: toNameBytes(name) };
  try {
    if (isWhiteout(target.at, target.path)) throw missing(entry);
    linkat(target, spot);
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) throw missing(entry);
    if (!isKernelError(error, 'EEXIST')) throw error;
    const [there, here] = [statx(target.at, target.path), statx(spot.at, spot.path)];
    if (there.inode === here.inode) return;
    makeAnew(spot, folders, () => linkat(target, spot));
  }
}

function missing(entry: TarEntry): Error {
  const target = JSON.stringify(toNameText(entry.linkName.slice(0, 200)));
  return refuse(entry.name, `is a hard link to ${target}, which this layer does not hold`);
}
