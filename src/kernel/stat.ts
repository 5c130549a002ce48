import { addon } from './addon.ts';
import type { FileSystemStatus, Path } from './addon/file-addon.ts';
import { FileType, type Timespec } from './file.ts';

/** What statx(2) tells about a file. */
export interface FileStatus {
  /** Type and permissions; see FileType.mask. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly sizeBytes: number;
  /** Space used, in units of 512 bytes. */
  readonly blocks: number;
  readonly inode: bigint;
  readonly device: DeviceNumber;
  /** Which device a device file is. */
  readonly represents: DeviceNumber;
  readonly accessed: Timespec;
  readonly modified: Timespec;
  readonly changed: Timespec;
  /** The mount it lies on, as in /proc/self/mountinfo. */
  readonly mountId: number;
  /** True when the object is the root of a mount. */
  readonly mountRoot: boolean;
}

export interface DeviceNumber {
  readonly major: number;
  readonly minor: number;
}

/** What the name in a folder is; never follows a link there. The empty name means `at` itself. */
export function statx(at: number, path: Path): FileStatus {
  const fields = addon.statx(at, path);
  const number = (index: number) => Number(fields[index]);
  return {
    mode: number(0),
    uid: number(1),
    gid: number(2),
    links: number(3),
    sizeBytes: number(4),
    blocks: number(5),
    inode: BigInt.asUintN(64, fields[6] ?? 0n),
    device: { major: number(7), minor: number(8) },
    represents: { major: number(9), minor: number(10) },
    accessed: { seconds: number(11), nanoseconds: number(12) },
    modified: { seconds: number(13), nanoseconds: number(14) },
    changed: { seconds: number(15), nanoseconds: number(16) },
    mountId: number(17),
    mountRoot: number(18) === 1,
  };
}

/** What an open file is; also one opened with O_PATH. */
export function fstat(fd: number): FileStatus {
  return statx(fd, '');
}

export function isFolder(status: FileStatus): boolean {
  return (status.mode & FileType.mask) === FileType.folder;
}

export function isRegular(status: FileStatus): boolean {
  return (status.mode & FileType.mask) === FileType.regular;
}

export function isSymbolicLink(status: FileStatus): boolean {
  return (status.mode & FileType.mask) === FileType.symbolicLink;
}

/** File systems by their magic number (linux/magic.h), to verify what an open file lies on. */
export const FileSystem = {
  cgroup2: 0x63677270,
  devpts: 0x1cd1,
  ext4: 0xef53,
  nsfs: 0x6e736673,
  overlay: 0x794c7630,
  proc: 0x9fa0,
  sysfs: 0x62656572,
  tmpfs: 0x01021994,
  xfs: 0x58465342,
} as const;

/** The file system an open file lies on. Works with O_PATH descriptors. Equivalent: `stat -f`. */
export function fstatfs(fd: number): FileSystemStatus {
  return addon.fstatfs(fd);
}
