import { DomainError } from '../../base/error.ts';
import { imageFilesOf, type ReadImageFile, resolveUser } from '../../container/user.ts';
import type { Snapshot } from '../../image/snapshot.ts';
import type { ResolvedUser } from './plan-input.ts';

export interface UserRequest {
  /** `user[:group]`, names or numbers. */
  readonly user: string;
  /** Additional groups, names or numbers. */
  readonly groups: readonly string[];
  /** Whether the image's own groups of the user count too. */
  readonly merge: boolean;
}

/** A user and its groups as the image knows them, and its home. Throws DomainError `invalid`. */
export async function resolveUserInImage(
  snapshot: Snapshot,
  { user, groups, merge }: UserRequest,
): Promise<ResolvedUser> {
  const read = imageFilesOf(snapshot);
  const { uid, gid, additionalGids = [] } = resolveUser(read, user);
  const asked = groups.map((group) => groupIn(read, group));
  const gids = new Set([...(merge ? additionalGids : []), ...asked]);
  gids.delete(gid);
  return { uid, gid, additionalGids: [...gids], home: homeIn(read, uid) };
}

function groupIn(read: ReadImageFile, group: string): number {
  if (/^\d+$/.test(group)) return checkedId(group);
  const lines = (read('etc/group') ?? '').split('\n');
  for (const [name, , gid = ''] of lines.map((line) => line.split(':'))) {
    if (name === group && /^\d+$/.test(gid)) return checkedId(gid);
  }
  throw new DomainError('invalid', `The image's /etc/group has no group "${group}"`);
}

/** The highest number means "leave as it is" to the kernel. */
function checkedId(text: string): number {
  const id = Number(text);
  if (id < 0xffffffff) return id;
  throw new DomainError('invalid', `Group ${text} is out of range`);
}

/** A home with control characters could forge lines elsewhere (CVE-2022-4318): none then. */
function homeIn(read: ReadImageFile, uid: number): string {
  const lines = (read('etc/passwd') ?? '').split('\n');
  for (const [, , id, , , home = ''] of lines.map((line) => line.split(':'))) {
    if (id !== String(uid)) continue;
    return home.startsWith('/') && !/\p{Cc}/u.test(home) ? home : '/';
  }
  return '/';
}
