import { fchmodSync, fchownSync, ftruncateSync, writeSync } from 'node:fs';
import { hasCode, isDomainError, isKernelError, KernelError, messageOf } from '../../base/error.ts';
import type { Descriptor } from '../../kernel/descriptor.ts';
import { FileType, mkdirat, mknodat, utimensat, type Timespec } from '../../kernel/file.ts';
import { OpenFlag, openat2, ResolveFlag } from '../../kernel/open.ts';
import { isFolder, statx } from '../../kernel/stat.ts';
import { setXattr } from '../../kernel/xattr.ts';
import type { EntryBounds } from './entry-bounds.ts';
import { readEntryPath, refuse, type EntryPath } from './entry-path.ts';
import { allowedXattrs } from './entry-xattr.ts';
import { FolderTable, isWhiteout, replaceWhiteout } from './folder-table.ts';
import { makeAnew, makeHardLink, makeNode, makeSymbolicLink, type Spot } from './make-entry.ts';
import { opaqueXattr } from './overlay-xattr.ts';
import { removeTree } from './remove-tree.ts';
import { toNameBytes, type TarEntry } from './tar-entry.ts';
import type { TarHandler } from './tar-reader.ts';

export interface TreeOptions {
  /** The layer's folder, opened for reading; the caller's. */
  readonly root: number;
  readonly bounds: EntryBounds;
  readonly lowest: boolean;
  readonly refuseDevices: boolean;
  /** A folder that is there is not replaced by what is none; a new layer has none of its own. */
  readonly keepFolders?: boolean;
}

/** What is left to do on a folder when nothing more is put into it. */
interface LateFolder {
  readonly modified: Timespec;
  readonly xattrs: readonly (readonly [string, Uint8Array])[];
}

/** Puts a layer's entries on disk, whiteouts in the form that overlayfs has. */
export class TreeWriter implements TarHandler, Disposable {
  readonly #options: TreeOptions;
  readonly #folders: FolderTable;
  readonly #late = new Map<string, LateFolder>();
  #file: { readonly entry: TarEntry; readonly descriptor: Descriptor } | undefined;
  #hidesLowers = false;
  #writtenBytes = 0;

  constructor(options: TreeOptions) {
    this.#options = options;
    this.#folders = new FolderTable(options.root, () => options.bounds.addMade());
  }

  get result(): { impliedFolders: string[]; hidesLowers: boolean; unpackedBytes: number } {
    return {
      impliedFolders: this.#folders.implied,
      hidesLowers: this.#hidesLowers,
      unpackedBytes: this.#writtenBytes,
    };
  }

  entry(entry: TarEntry): void {
    this.#options.bounds.addEntry(entry);
    const path = readEntryPath(entry.name, this.#options.bounds.limits.depth);
    naming(entry, () => this.#put(entry, path));
  }

  data(bytes: Buffer, position: number): void {
    if (this.#file === undefined) return;
    const { entry, descriptor } = this.#file;
    naming(entry, () => writeAll(descriptor.fd, bytes, entry.extents && position));
    this.#writtenBytes += bytes.length;
  }

  end(): void {
    if (this.#file === undefined) return;
    const { entry, descriptor } = this.#file;
    this.#file = undefined;
    naming(entry, () => {
      using file = descriptor;
      if (entry.extents !== undefined) ftruncateSync(file.fd, entry.size);
      setOwnerAndMode(file.fd, entry);
      for (const [name, value] of allowedXattrs(entry)) setXattrIfCan(file.fd, name, value);
      setTime(file.fd, entry.modified);
    });
  }

  /** Times of folders, which every entry put into them has changed, and what entries inherit. */
  finish(): void {
    for (const [path, { modified, xattrs }] of this.#late) {
      using folder = this.#folders.find(path);
      if (folder === undefined) continue;
      for (const [name, value] of xattrs) setXattrIfCan(folder.fd, name, value);
      setTime(folder.fd, modified);
    }
  }

  [Symbol.dispose](): void {
    this.#file?.descriptor.close();
    this.#folders[Symbol.dispose]();
  }

  #put(entry: TarEntry, path: EntryPath): void {
    if (path.kind === 'ignore') return;
    if (path.kind === 'root') return this.#putRoot(entry);
    if (path.kind === 'opaque') return this.#hideAll(path.folders);
    if (path.kind === 'hide' && this.#options.lowest) return;
    const spot = { at: this.#folders.open(path.folders), path: toNameBytes(path.name) };
    if (this.#options.keepFolders === true && entry.type !== 'folder') refuseFolder(entry, spot);
    if (path.kind === 'hide') hide(spot);
    else this.#make(entry, path, spot);
  }

  #make(entry: TarEntry, path: EntryPath, spot: Spot): void {
    const { type } = entry;
    switch (type) {
      case 'file':
        this.#file = { entry, descriptor: makeFile(spot, this.#folders) };
        return;
      case 'folder':
        return this.#putFolder(entry, path, spot);
      case 'symbolicLink':
        return makeSymbolicLink(entry, spot, this.#folders);
      case 'hardLink':
        return makeHardLink(entry, spot, this.#folders);
      case 'character':
      case 'block':
        if (this.#options.refuseDevices) throw refuse(entry.name, 'is a device, which is refused');
        return makeNode({ ...entry, type }, spot, this.#folders);
      case 'fifo':
        return makeNode({ ...entry, type }, spot, this.#folders);
    }
  }

  #putRoot(entry: TarEntry): void {
    if (entry.type !== 'folder') throw refuse(entry.name, 'is the root but no folder');
    this.#setFolder(entry, '', this.#options.root);
  }

  #putFolder(entry: TarEntry, path: EntryPath, spot: Spot): void {
    makeFolder(spot, this.#folders);
    const names = [...path.folders, path.name];
    this.#setFolder(entry, names.join('/'), this.#folders.open(names));
  }

  #setFolder(entry: TarEntry, path: string, fd: number): void {
    this.#folders.setDeclared(path);
    setOwnerAndMode(fd, entry);
    const xattrs = allowedXattrs(entry);
    // Entries made later would inherit a default ACL that their own archive entry does not have.
    const late = xattrs.filter(([name]) => name === 'system.posix_acl_default');
    this.#late.set(path, { modified: entry.modified, xattrs: late });
    for (const [name, value] of xattrs) {
      if (name !== 'system.posix_acl_default') setXattrIfCan(fd, name, value);
    }
  }

  #hideAll(folders: readonly string[]): void {
    if (this.#options.lowest) return;
    if (folders.length === 0) this.#hidesLowers = true;
    else setXattr(this.#folders.open(folders), opaqueXattr);
  }
}

function refuseFolder(entry: TarEntry, { at, path }: Spot): void {
  try {
    if (!isFolder(statx(at, path))) return;
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return;
    throw error;
  }
  throw refuse(entry.name, 'would replace a folder');
}

const within = ResolveFlag.beneath | ResolveFlag.noSymlinks | ResolveFlag.noMounts;

function makeFile(spot: Spot, folders: FolderTable): Descriptor {
  const { create, exclusive, writeOnly, noFollow } = OpenFlag;
  const how = { flags: create | exclusive | writeOnly | noFollow, mode: 0o600, resolve: within };
  return makeAnew(spot, folders, () => openat2(spot.at, spot.path, how));
}

/** A folder stays with what is in it, however often the archive has it. */
function makeFolder(spot: Spot, folders: FolderTable): void {
  try {
    mkdirat(spot.at, spot.path, 0o755);
  } catch (error) {
    if (!isKernelError(error, 'EEXIST')) throw error;
    if (isFolder(statx(spot.at, spot.path))) return;
    if (isWhiteout(spot.at, spot.path)) return replaceWhiteout(spot.at, spot.path);
    removeTree(spot.at, spot.path);
    folders.forget();
    mkdirat(spot.at, spot.path, 0o755);
  }
}

/**
 * Whiteouts concern lower layers only, so what this layer itself has at the name stays; a folder
 * then hides what it would else be merged with.
 */
function hide(spot: Spot): void {
  try {
    mknodat(spot.at, spot.path, { mode: FileType.characterDevice, major: 0, minor: 0 });
  } catch (error) {
    if (!isKernelError(error, 'EEXIST')) throw error;
    if (!isFolder(statx(spot.at, spot.path))) return;
    using folder = openat2(spot.at, spot.path, { flags: OpenFlag.directory, resolve: within });
    setXattr(folder.fd, opaqueXattr);
  }
}

/** A short write means a full disk or a signal; going on tells which. */
function writeAll(fd: number, bytes: Buffer, position: number | undefined): void {
  for (let done = 0; done < bytes.length;) {
    const at = position === undefined ? null : position + done;
    done += writeSync(fd, bytes, done, bytes.length - done, at);
  }
}

/** The kernel clears setuid and setgid when the owner changes, so the mode comes second. */
function setOwnerAndMode(fd: number, { uid, gid, mode }: TarEntry): void {
  fchownSync(fd, uid, gid);
  fchmodSync(fd, mode);
}

function setTime(fd: number, modified: Timespec): void {
  utimensat(fd, '', { accessed: modified, modified });
}

/** A file system without attributes loses comments, but must not silently lose capabilities. */
function setXattrIfCan(fd: number, name: string, value: Uint8Array): void {
  try {
    setXattr(fd, { name, value });
  } catch (error) {
    if (name === 'security.capability' || !isKernelError(error, 'EOPNOTSUPP')) throw error;
  }
}

/** Errors of the machine, not of the archive. */
const machineCodes = ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE', 'ENFILE', 'ENOMEM'] as const;

function naming(entry: TarEntry, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (isDomainError(error)) throw error;
    if (!hasCode(error, ...machineCodes)) {
      throw refuse(entry.name, `cannot be made: ${messageOf(error)}`, error);
    }
    const { code, errno } = error as Error & { code: string; errno: number };
    const call = isKernelError(error) ? error.call : 'write';
    throw new KernelError({ call, code, errno: Math.abs(errno), path: entry.name });
  }
}
