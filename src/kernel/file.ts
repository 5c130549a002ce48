/**
 * File calls by a folder's descriptor and a name. None follows a symbolic link in the last part of
 * the name; earlier parts are followed, so for untrusted paths open the parent by `openInRoot`
 * first and pass a single name. Where it says so, the empty name means the object `at` itself,
 * also one opened with O_PATH. All run synchronously, in worker threads too; all throw KernelError.
 */
import { addon } from './addon.ts';
import type { Path } from './addon/file-addon.ts';

/** A name in a folder. */
export interface Place {
  /** The folder's descriptor, or `currentFolder`. */
  readonly at: number;
  readonly path: Path;
}

/** Makes a folder. The process's umask applies: set modes of consequence by `fchmodat`. */
export function mkdirat(at: number, path: Path, mode: number): void {
  addon.mkdirat(at, path, mode);
}

/** File types, the upper bits of a mode. */
export const FileType = {
  fifo: 0o010000,
  characterDevice: 0o020000,
  folder: 0o040000,
  blockDevice: 0o060000,
  regular: 0o100000,
  symbolicLink: 0o120000,
  socket: 0o140000,
  mask: 0o170000,
} as const;

export interface NodeKind {
  /** A FileType or-ed with the permissions; the umask applies. */
  readonly mode: number;
  /** Device numbers, for the two device types. */
  readonly major?: number;
  readonly minor?: number;
}

/** Makes a device, fifo, socket or empty file. Devices need CAP_MKNOD (EPERM). */
export function mknodat(at: number, path: Path, kind: NodeKind): void {
  addon.mknodat(at, path, kind.mode, kind.major ?? 0, kind.minor ?? 0);
}

/** Makes a symbolic link at `place` that says `target`. Equivalent: `ln -s`. */
export function symlinkat(target: Path, place: Place): void {
  addon.symlinkat(target, place.at, place.path);
}

/** A second name for the object at `from` (a symbolic link itself, not where it leads).
 * The empty name needs CAP_DAC_READ_SEARCH. */
export function linkat(from: Place, to: Place): void {
  addon.linkat(from.at, from.path, to.at, to.path);
}

export const RenameFlag = {
  /** Fails with EEXIST instead of replacing what is there. */
  noReplace: 1,
  /** Swaps the two. */
  exchange: 2,
  /** Leaves an overlayfs whiteout at the old name. */
  whiteout: 4,
} as const;

export function renameat2(from: Place, to: Place, flags = 0): void {
  addon.renameat2(from.at, from.path, to.at, to.path, flags);
}

/** Removes a name that is no folder. */
export function unlinkat(at: number, path: Path): void {
  addon.unlinkat(at, path, false);
}

/** Removes an empty folder. */
export function rmdirat(at: number, path: Path): void {
  addon.unlinkat(at, path, true);
}

/** Where a symbolic link leads, as bytes, for links may hold any. Accepts the empty name. */
export function readlinkat(at: number, path: Path): Buffer {
  return addon.readlinkat(at, path);
}

/** Undefined leaves that one as it is. */
export interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

const unchanged = 0xffffffff;

/** Sets the owner. Accepts the empty name. The kernel clears setuid, setgid and file
 * capabilities: set modes and xattrs afterwards. */
export function fchownat(at: number, path: Path, owner: Owner): void {
  addon.fchownat(at, path, owner.uid ?? unchanged, owner.gid ?? unchanged);
}

/** Sets the permissions, free of the umask. Accepts the empty name. EOPNOTSUPP for a symbolic
 * link, which has none. */
export function fchmodat(at: number, path: Path, mode: number): void {
  addon.fchmodat(at, path, mode);
}

/** A time since 1970; seconds may be negative, nanoseconds are 0 to 999,999,999. */
export interface Timespec {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Leaves a time as it is (UTIME_OMIT). */
const omitted: Timespec = { seconds: 0, nanoseconds: 0x3ffffffe };

/** Sets access and modification time. Accepts the empty name. */
export function utimensat(
  at: number,
  path: Path,
  times: { readonly accessed?: Timespec; readonly modified?: Timespec },
): void {
  const { accessed = omitted, modified = omitted } = times;
  addon.utimensat(
    at,
    path,
    accessed.seconds,
    accessed.nanoseconds,
    modified.seconds,
    modified.nanoseconds,
  );
}

/**
 * Locks an open file for all processes, flock(2); the lock ends when the last descriptor of the
 * open file is closed. EWOULDBLOCK when `wait` is false and another holds it. With `wait` the
 * thread stands still: never on the main thread.
 */
export function flock(fd: number, kind: 'shared' | 'exclusive' | 'none', wait = false): void {
  const operation = { shared: 1, exclusive: 2, none: 8 }[kind];
  addon.flock(fd, wait ? operation : operation | 4);
}
