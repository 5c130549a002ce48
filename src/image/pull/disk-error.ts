import { statfsSync } from 'node:fs';
import { DomainError, hasCode } from '../../base/error.ts';

/**
 * A full disk in one clear line: which one, and of what it is full. Other errors stay as they are.
 */
export function explainDiskError(error: unknown, folder: string): unknown {
  if (hasCode(error, 'ENOSPC')) {
    return new DomainError('unavailable', `No space left in "${folder}": ${whatIsFull(folder)}`);
  }
  if (hasCode(error, 'EDQUOT')) {
    return new DomainError('unavailable', `The disk quota of "${folder}" is used up`);
  }
  if (hasCode(error, 'EROFS')) {
    return new DomainError('unavailable', `The file system of "${folder}" is read-only`);
  }
  return error;
}

function whatIsFull(folder: string): string {
  const { bavail, bsize, ffree, files } = statfsSync(folder);
  if (files > 0 && ffree === 0) return `its file system has no inodes left (of ${files})`;
  return `its file system has ${Math.floor((bavail * bsize) / 2 ** 20)} MiB free`;
}
