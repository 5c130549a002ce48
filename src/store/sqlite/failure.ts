import { DomainError, hasCode, messageOf } from '../../base/error.ts';

/** SQLite's primary result codes that a person can do something about, in our words. */
const words: Record<number, string> = {
  3: 'may not be opened with these permissions',
  5: 'is locked by another program; end it or wait',
  6: 'is locked by another program; end it or wait',
  8: 'is read-only: the file, its folder or its file system may not be written',
  10: 'cannot be read or written: the disk reports an error',
  11: 'is damaged: restore it from a backup',
  13: 'cannot grow: the disk is full',
  14: 'cannot be opened: its folder is missing or may not be written',
  26: 'is not an SQLite database, or is damaged: restore it from a backup',
};

const ioError = 10;

/** One line for a person, whatever SQLite threw; DomainErrors pass. */
export function sqliteFailure(error: unknown, path: string): DomainError {
  if (error instanceof DomainError) return error;
  const code = primaryCode(error) ?? codeOfSystem(error);
  const known = code === undefined ? undefined : words[code];
  const kind = code === 11 || code === 26 ? 'invalid' : 'unavailable';
  if (known !== undefined) return new DomainError(kind, `Store "${path}" ${known}`);
  return new DomainError('unavailable', `Store "${path}" failed: ${messageOf(error)}`);
}

/**
 * After a failed sync nobody knows what the disk holds, and trying again would report success for
 * pages the kernel has dropped. Only opening anew, which reads what is there, is sound.
 */
export function endsStore(error: unknown): boolean {
  const code = primaryCode(error);
  return code === undefined || code === ioError || code === 11 || code === 26;
}

/** The lock's file is opened without SQLite. */
function codeOfSystem(error: unknown): number | undefined {
  if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM')) return 14;
  if (hasCode(error, 'EROFS')) return 8;
  return hasCode(error, 'ENOSPC', 'EDQUOT') ? 13 : undefined;
}

function primaryCode(error: unknown): number | undefined {
  if (!hasCode(error, 'ERR_SQLITE_ERROR')) return undefined;
  const { errcode } = error as Error & { errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
}
