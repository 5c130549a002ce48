import { closeSync, mkdirSync, openSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { DomainError, hasCode, messageOf } from '../../../base/error.ts';

interface Check {
  readonly fits: (status: Stats) => boolean;
  readonly complaint: string;
}

const checks: Readonly<Record<string, Check>> = {
  Directory: { fits: (status) => status.isDirectory(), complaint: 'a directory' },
  File: { fits: (status) => status.isFile(), complaint: 'a file' },
  Socket: { fits: (status) => status.isSocket(), complaint: 'a socket' },
  CharDevice: { fits: (status) => status.isCharacterDevice(), complaint: 'a character device' },
  BlockDevice: { fits: (status) => status.isBlockDevice(), complaint: 'a block device' },
};

/**
 * Checks, and for two of the types makes, what a hostPath names. It is the operator's path: links
 * in it are followed. Throws `invalid` when it is something else, `unavailable` when it cannot be
 * made.
 */
export function ensureHostPath(path: string, type: string): void {
  if (!path.startsWith('/')) throw failed(`${path} is not an absolute path`);
  if (path.split('/').includes('..')) throw failed(`${path} must not contain '..'`);
  // Without a type there is no check; the runtime makes a folder of what is missing.
  if (type === '') return;
  if (type === 'DirectoryOrCreate') makeFolder(path);
  if (type === 'FileOrCreate') makeFile(path);
  const check = Object.hasOwn(checks, type) ? checks[type] : checks[type.replace('OrCreate', '')];
  if (check === undefined) throw failed(`"${type}" is an unknown type`);
  const status = statSync(path, { throwIfNoEntry: false });
  if (status !== undefined && check.fits(status)) return;
  throw failed(`${path} is not ${check.complaint}`);
}

function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
  attempt(() => mkdirSync(path, { recursive: true, mode: 0o755 }));
}

function makeFile(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
  if (statSync(dirname(path), { throwIfNoEntry: false }) === undefined) {
    throw failed(`open ${path}: no such file or directory`);
  }
  attempt(() => closeSync(openSync(path, 'ax', 0o644)));
}

function attempt(make: () => unknown): void {
  try {
    make();
  } catch (error) {
    // Somebody was faster; the check says whether with the right thing.
    if (!hasCode(error, 'EEXIST')) {
      throw new DomainError('unavailable', messageOf(error), { cause: error });
    }
  }
}

function failed(why: string): DomainError {
  return new DomainError('invalid', `hostPath type check failed: ${why}`);
}
