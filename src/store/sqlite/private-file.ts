import { closeSync, openSync } from 'node:fs';
import { hasCode } from '../../base/error.ts';

/**
 * Makes an empty file that only its owner may read: the store holds secrets, and SQLite would let
 * everyone. A file that exists is not opened: closing it again would free the locks that SQLite
 * holds on it in this process, which is how POSIX locks are.
 */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}
