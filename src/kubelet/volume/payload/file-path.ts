import { posix } from 'node:path';
import { DomainError } from '../../../base/error.ts';
import { limits } from '../../../base/limits.ts';

/**
 * The path of a file in a volume without what means nothing. Throws `invalid`, in the words of
 * Kubernetes, for one that leads out of the volume or takes a name that updates need.
 */
export function cleanFilePath(path: string): string {
  if (path === '') throw invalid("must not be empty: ''");
  if (path.startsWith('/')) throw invalid(`must be relative path: ${path}`);
  if (Buffer.byteLength(path) > limits.volumePathBytes) {
    throw invalid(`must be less than or equal to ${limits.volumePathBytes} characters`);
  }
  if (path.includes('\0')) throw invalid(`must not contain a NUL byte: ${JSON.stringify(path)}`);
  const parts = path.split('/');
  if (parts.includes('..')) throw invalid(`must not contain '..': ${path}`);
  const clean = posix.normalize(path).replace(/\/$/, '');
  if (clean === '.') throw invalid(`must name a file: ${path}`);
  for (const part of clean.split('/')) {
    if (Buffer.byteLength(part) <= limits.volumeNameBytes) continue;
    const most = limits.volumeNameBytes;
    throw invalid(`filenames must be less than or equal to ${most} characters`);
  }
  // `..data` and the folders it leads to are what a volume is swapped by.
  if (clean.startsWith('..')) throw invalid(`must not start with '..': ${path}`);
  return clean;
}

function invalid(why: string): DomainError {
  return new DomainError('invalid', `invalid path: ${why}`);
}
