import { open, readdir } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { isKernelError } from '../../../base/error.ts';
import type { Descriptor } from '../../../kernel/descriptor.ts';
import { RenameFlag, renameat2, unlinkat } from '../../../kernel/file.ts';
import { openat2, openFolder, OpenFlag, ResolveFlag } from '../../../kernel/open.ts';
import { fstat, isRegular, statx } from '../../../kernel/stat.ts';

/*
 * A pod may have its log folder mounted and write there: whatever is done goes by the folder's
 * descriptor, follows no link and touches regular files alone.
 */

const within = ResolveFlag.beneath | ResolveFlag.noSymlinks | ResolveFlag.noMagicLinks;

/** The folder of a container's logs, below that of all; the caller closes it. */
export function openLogFolder(logs: string, inside: string): Descriptor | undefined {
  try {
    using all = openFolder(logs);
    return openat2(all.fd, inside, {
      flags: OpenFlag.path | OpenFlag.directory,
      resolve: within,
    });
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV')) return undefined;
    throw error;
  }
}

/** Bytes of a log; 0 for what is no log. */
export function logSize(folder: Descriptor, name: string): number {
  try {
    const status = statx(folder.fd, name);
    return isRegular(status) ? status.sizeBytes : 0;
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return 0;
    throw error;
  }
}

export interface Rotation {
  readonly folder: Descriptor;
  /** `0.log` */
  readonly name: string;
  /** How many there may be with the one that is written. */
  readonly files: number;
  readonly nowMs: number;
  /** Has the runtime write to a new file of that name. */
  readonly reopen: () => Promise<void>;
}

/**
 * Puts a log aside as `0.log.20260102-150405`, the older ones compressed, the oldest removed. When
 * the runtime does not open a new one, all is as it was.
 */
export async function rotateLog(rotation: Rotation): Promise<void> {
  const { folder, name, files, nowMs, reopen } = rotation;
  const names = await namesIn(folder);
  for (const left of names.filter((one) => one.startsWith(`${name}.`) && one.endsWith('.tmp'))) {
    remove(folder, left);
  }
  const rotated = names.filter((one) => isRotated(one, name)).toSorted(newestFirst);
  // Beside the one in use and the one that is put aside now.
  for (const oldest of rotated.slice(Math.max(0, files - 2))) remove(folder, oldest);
  for (const older of rotated.slice(0, Math.max(0, files - 2))) {
    if (!older.endsWith('.gz')) await compress(folder, older);
  }
  const aside = `${name}.${stampOf(nowMs)}`;
  const [from, to] = [name, aside].map((path) => ({ at: folder.fd, path }));
  if (from === undefined || to === undefined) return;
  renameat2(from, to, RenameFlag.noReplace);
  try {
    await reopen();
  } catch (error) {
    renameat2(to, from, RenameFlag.noReplace);
    throw error;
  }
}

/** Removes logs of attempts that are gone: older than those that are there. */
export async function removeOldLogs(
  folder: Descriptor,
  attempts: readonly number[],
): Promise<void> {
  const least = Math.min(...attempts);
  for (const name of await namesIn(folder)) {
    const attempt = /^(\d{1,9})\.log(\.|$)/.exec(name)?.[1];
    if (attempt !== undefined && Number(attempt) < least) remove(folder, name);
  }
}

export function isRotated(name: string, log: string): boolean {
  return name.startsWith(`${log}.`) && /^\d{8}-\d{6}(\.gz)?$/.test(name.slice(log.length + 1));
}

function newestFirst(left: string, right: string): number {
  return left < right ? 1 : left > right ? -1 : 0;
}

/** `20260102-150405`, in UTC. */
function stampOf(ms: number): string {
  const digits = new Date(ms).toISOString().replaceAll(/\D/g, '');
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}`;
}

async function compress(folder: Descriptor, name: string): Promise<void> {
  using source = openat2(folder.fd, name, { flags: OpenFlag.nonBlocking, resolve: within });
  if (!isRegular(fstat(source.fd))) return;
  const temporary = `${name}.tmp`;
  // Exclusive: what somebody has put there is not written to.
  const target = await open(`/proc/self/fd/${folder.fd}/${temporary}`, 'wx', 0o640);
  const bytes = await open(`/proc/self/fd/${source.fd}`, 'r');
  await pipeline(bytes.createReadStream(), createGzip(), target.createWriteStream());
  renameat2({ at: folder.fd, path: temporary }, { at: folder.fd, path: `${name}.gz` });
  remove(folder, name);
}

async function namesIn(folder: Descriptor): Promise<string[]> {
  return await readdir(`/proc/self/fd/${folder.fd}`);
}

function remove(folder: Descriptor, name: string): void {
  try {
    unlinkat(folder.fd, name);
  } catch (error) {
    if (!isKernelError(error, 'ENOENT', 'EISDIR')) throw error;
  }
}
