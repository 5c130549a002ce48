import { DomainError } from '../base/error.ts';
import type { Snapshot } from '../image/snapshot.ts';
import { parseUser } from './parse-user.ts';
import { layersOf, readInLayers, readInProcess, readInRoot } from './read-image-file.ts';
import type { User } from './spec.ts';

/** Reads a file of the image, such as `etc/passwd`; undefined when it has none. */
export type ReadImageFile = (path: string) => string | undefined;

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The files of a snapshot, each read once at most: looking up a user asks for some repeatedly. */
export function imageFilesOf(snapshot: Snapshot): ReadImageFile {
  const known = new Map<string, string | undefined>();
  const folders = layersOf(snapshot);
  return (path) => {
    if (!known.has(path)) known.set(path, readInLayers(folders, path));
    return known.get(path);
  };
}

export function userInRoot(root: string, text: string): User {
  return resolveUser((path) => readInRoot(root, path), text);
}

/** As a running container's first process sees its files. */
export function userInContainer(pid: number, text: string): User {
  return resolveUser((path) => readInProcess(pid, path), text);
}

/**
 * `USER[:GROUP]` to numbers, as Docker does it: a name must be in /etc/passwd, a number need not;
 * the groups that /etc/group has the user in are added unless a group was given. What looks like a
 * number is never a name, and is in range or refused: nothing falls through to root
 * (CVE-2024-40635, CVE-2026-46680, CVE-2026-30892).
 */
export function resolveUser(read: ReadImageFile, text: string): User {
  const { user, group } = parseUser(text);
  const account = findAccount(read, user);
  const additionalGids = group === undefined ? groupsOf(read, account) : [];
  const gid = group === undefined ? account.gid : findGroup(read, group);
  return {
    uid: account.uid,
    gid,
    ...(additionalGids.length > 0 ? { additionalGids } : {}),
  };
}

function findAccount(read: ReadImageFile, user: string | number): Account {
  for (const [name, , uid, gid] of entriesOf(read, 'etc/passwd')) {
    const account = { name: name ?? '', uid: idOf(uid), gid: idOf(gid) };
    const found = typeof user === 'number' ? account.uid === user : account.name === user;
    // A broken line says nothing about anyone.
    if (found && account.uid >= 0 && account.gid >= 0) return account;
  }
  if (typeof user === 'number') return { name: '', uid: user, gid: 0 };
  throw new DomainError('invalid', `The image's /etc/passwd has no user "${user}"`);
}

function findGroup(read: ReadImageFile, group: string | number): number {
  if (typeof group === 'number') return group;
  for (const [name, , gid] of entriesOf(read, 'etc/group')) {
    if (name === group && idOf(gid) >= 0) return idOf(gid);
  }
  throw new DomainError('invalid', `The image's /etc/group has no group "${group}"`);
}

function groupsOf(read: ReadImageFile, account: Account): number[] {
  if (account.name === '') return [];
  const gids = new Set<number>();
  for (const [, , gid, members = ''] of entriesOf(read, 'etc/group')) {
    if (idOf(gid) >= 0 && members.split(',').includes(account.name)) gids.add(idOf(gid));
  }
  gids.delete(account.gid);
  return [...gids].slice(0, maximumGroups);
}

/** NGROUPS_MAX. */
const maximumGroups = 65_536;

function entriesOf(read: ReadImageFile, path: string): string[][] {
  const lines = (read(path) ?? '').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}

/** -1 for what is no number of 32 bits, 4294967295 included: to the kernel it is "as it is". */
function idOf(text: string | undefined): number {
  const number = text !== undefined && /^[0-9]{1,10}$/.test(text) ? Number(text) : -1;
  return number < 0xffffffff ? number : -1;
}
