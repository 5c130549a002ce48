import { fchmodat, fchownat } from '../../../kernel/file.ts';
import { fstat, type FileStatus, isFolder, isSymbolicLink } from '../../../kernel/stat.ts';
import { walkTree } from './walk-tree.ts';

export interface GroupAccess {
  /** The pod's fsGroup. */
  readonly gid: number;
  /** `OnRootMismatch` leaves a tree alone whose root is right already. */
  readonly policy: string | undefined;
}

const setgid = 0o2000;
const permissions = 0o7777;

/**
 * Gives a folder and all beneath it to a group, which may then read and write; new files are the
 * group's as well. The root comes last, so that a tree that was left halfway is found wrong.
 */
export async function giveGroup(root: number, { gid, policy }: GroupAccess): Promise<void> {
  if (policy === 'OnRootMismatch' && isRight(fstat(root), gid)) return;
  for await (const { fd, status } of walkTree(root)) give(fd, status, gid);
  give(root, fstat(root), gid);
}

function isRight({ gid, mode }: FileStatus, wanted: number): boolean {
  return gid === wanted && (mode & rootBits) === rootBits;
}

const rootBits = setgid | 0o770;

/** One file or folder by its descriptor, which may be of O_PATH. */
export function give(fd: number, status: FileStatus, gid: number): void {
  fchownat(fd, '', { gid });
  if (isSymbolicLink(status)) return;
  const bits = isFolder(status) ? setgid | 0o770 : 0o660;
  fchmodat(fd, '', (status.mode & permissions) | bits);
}
