import { randomBytes } from 'node:crypto';
import { closeSync, fdatasync, fsync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { DomainError, hasCode } from './error.ts';
import { limits } from './limits.ts';

/**
 * Writes a document so that a reader, or a power loss, sees the old one or the new one, never half:
 * temporary file, fsync, rename, fsync of the folder. Mode 0600.
 */
export function writeState(path: string, document: unknown): Promise<void> {
  return writeWhole(path, JSON.stringify(document));
}

/** The same for a text that is not JSON. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    await writeSynced(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * The same for state that a reboot makes void, under /run: whole or not at all, but not synced, and
 * synchronous, for on tmpfs it takes less time than handing it to another thread.
 */
export function writeVolatileState(path: string, document: unknown): void {
  const temporary = `${path}.new`;
  writeFileSync(temporary, JSON.stringify(document), { mode: 0o600 });
  renameSync(temporary, path);
}

/**
 * The same for what says that something ends: on a full disk it ends all the same, and the next
 * process finds out by what is there.
 */
export function writeEndingState(path: string, document: unknown): void {
  try {
    writeVolatileState(path, document);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    rmSync(`${path}.new`, { force: true });
  }
}

export function isDiskFull(error: unknown): boolean {
  return hasCode(error, 'ENOSPC', 'EDQUOT');
}

/**
 * Reads what {@link writeState} wrote. Undefined when there is none; a DomainError `invalid` when
 * it is damaged or too large, so that the caller can show the item as unknown and go on.
 */
export async function readState(path: string): Promise<unknown> {
  const text = await readBounded(path, limits.stateFileBytes);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DomainError('invalid', `State file "${path}" is damaged`, { cause });
  }
}

const syncData = promisify(fdatasync);
const syncAll = promisify(fsync);

/**
 * Only syncing waits for the disk and goes to another thread. The rest is memory: handing each step
 * over and waiting for it took longer than all of them together.
 */
async function writeSynced(path: string, text: string): Promise<void> {
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(fd, text);
    await syncData(fd);
  } finally {
    closeSync(fd);
  }
}

async function syncFolder(path: string): Promise<void> {
  const fd = openSync(path, 'r');
  try {
    await syncAll(fd);
  } finally {
    closeSync(fd);
  }
}

async function readBounded(path: string, maximumBytes: number): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size > maximumBytes)
      throw new DomainError('invalid', `File "${path}" is ${size} bytes long`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
