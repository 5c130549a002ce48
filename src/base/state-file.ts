import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
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
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
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

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
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
