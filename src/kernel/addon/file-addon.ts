/**
 * A path as the kernel takes it. Bytes for names that are no UTF-8, which file systems and layers
 * may have. A NUL byte inside is refused with EINVAL, never cut off.
 */
export type Path = string | Uint8Array;

/** The addon's calls on files: file.hh, stat.hh, extent.hh and xattr.hh. */
export interface FileAddon {
  openFlags(): Readonly<Record<OpenFlagName, number>>;
  openat2(at: number, path: Path, flags: number, mode: number, resolve: number): number;
  readlinkat(at: number, path: Path): Buffer;
  mkdirat(at: number, path: Path, mode: number): void;
  mknodat(at: number, path: Path, mode: number, major: number, minor: number): void;
  symlinkat(target: Path, at: number, path: Path): void;
  linkat(fromAt: number, from: Path, toAt: number, to: Path): void;
  renameat2(fromAt: number, from: Path, toAt: number, to: Path, flags: number): void;
  unlinkat(at: number, path: Path, folder: boolean): void;
  fchownat(at: number, path: Path, uid: number, gid: number): void;
  fchmodat(at: number, path: Path, mode: number): void;
  utimensat(at: number, path: Path, a: number, aNs: number, m: number, mNs: number): void;
  close(fd: number): void;
  duplicate(fd: number): number;
  flock(fd: number, operation: number): void;

  statx(at: number, path: Path): BigInt64Array;
  fstatfs(fd: number): FileSystemStatus;

  copyFileRange(from: number, fromAt: number, to: number, toAt: number, bytes: number): number;
  fallocate(fd: number, mode: number, offset: number, bytes: number): void;
  lseek(fd: number, offset: number, whence: number): number;
  syncfs(fd: number): void;

  getxattr(target: number | Path, name: string): Buffer;
  listxattr(target: number | Path): Buffer;
  setxattr(target: number | Path, name: string, value: Uint8Array, flags: number): void;
  removexattr(target: number | Path, name: string): void;
}

export type OpenFlagName =
  | 'append'
  | 'create'
  | 'directory'
  | 'exclusive'
  | 'noControllingTerminal'
  | 'noFollow'
  | 'nonBlocking'
  | 'path'
  | 'readOnly'
  | 'readWrite'
  | 'temporaryFile'
  | 'truncate'
  | 'writeOnly';

/** What fstatfs(2) tells; `type` is the file system's magic number. */
export interface FileSystemStatus {
  readonly type: number;
  readonly blockBytes: number;
  readonly blocks: number;
  readonly blocksAvailable: number;
  readonly files: number;
  readonly filesFree: number;
  readonly flags: number;
}
