import { DatabaseSync } from 'node:sqlite';
import { readFileSync, writeFileSync } from 'node:fs';
import { DomainError, hasCode } from '../../base/error.ts';
import { createPrivateFile } from './private-file.ts';

/**
 * Keeps a second process from writing to the store; the kernel frees it when this one dies. It is a
 * lock of SQLite's upon an empty database of its own, because Node has no lock on files, and an
 * exclusive lock on the store itself would shut out our own readers.
 */
export function lockStore(path: string): Disposable {
  const lockPath = `${path}.lock`;
  createPrivateFile(lockPath);
  const database = new DatabaseSync(lockPath);
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!hasCode(error, 'ERR_SQLITE_ERROR')) throw error;
    const holder = readHolder(path);
    const who = holder === undefined ? 'another process' : `process ${holder}`;
    throw new DomainError('unavailable', `Store "${path}" is in use by ${who}`, { cause: error });
  }
  writeFileSync(holderPath(path), `${process.pid}\n`, { mode: 0o600 });
  return { [Symbol.dispose]: () => database.close() };
}

function readHolder(path: string): string | undefined {
  try {
    return readFileSync(holderPath(path), 'latin1').trim().slice(0, 20) || undefined;
  } catch {
    return undefined;
  }
}

function holderPath(path: string): string {
  return `${path}.pid`;
}
