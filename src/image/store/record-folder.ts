import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import { writeState } from '../../base/state-file.ts';

/** One folder with a file for each record, all of them in memory as well. */
export interface RecordFolder<T> {
  readonly records: ReadonlyMap<string, T>;
  /** Names of files that could not be read; they are kept until they are removed or replaced. */
  readonly damaged: ReadonlySet<string>;
  put(key: string, record: T): Promise<void>;
  delete(key: string): Promise<void>;
}

export interface RecordFolderOptions<T> {
  readonly folder: string;
  readonly log: Logger;
  /** The file's name for a key, without `.json`. */
  readonly fileName: (key: string) => string;
  /** Waits until a record is on the disk; without, a power loss may take it or damage it. */
  readonly isDurable: boolean;
  /** The record with its key; throws for what is not one. */
  readonly parse: (document: unknown) => { key: string; record: T };
}

/**
 * Reads all records at once: they are small, and at start nothing else is to be done. A damaged one
 * is logged and passed over, so that it costs one image and not all.
 */
export function openRecordFolder<T>(options: RecordFolderOptions<T>): RecordFolder<T> {
  const { folder, log, fileName } = options;
  const records = new Map<string, T>();
  const damaged = new Set<string>();
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.json')) continue;
    try {
      const { key, record } = options.parse(readRecord(join(folder, name)));
      if (`${fileName(key)}.json` !== name) throw new Error('it has the name of another record');
      records.set(key, record);
    } catch (error) {
      log.warn(`Record "${join(folder, name)}" is damaged and passed over: ${messageOf(error)}`);
      damaged.add(name);
    }
  }
  const pathOf = (key: string): string => join(folder, `${fileName(key)}.json`);
  return {
    records,
    damaged,
    async put(key, record) {
      if (options.isDurable) await writeState(pathOf(key), record);
      else writeQuickly(pathOf(key), record);
      damaged.delete(`${fileName(key)}.json`);
      records.set(key, record);
    },
    async delete(key) {
      rmSync(pathOf(key), { force: true });
      damaged.delete(`${fileName(key)}.json`);
      records.delete(key);
    },
  };
}

/**
 * Still whole or not at all for a process that is killed: a rename, but no waiting for the disk.
 */
function writeQuickly(path: string, record: unknown): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    writeFileSync(temporary, JSON.stringify(record), { mode: 0o600, flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function readRecord(path: string): unknown {
  const text = readFileSync(path, 'utf8');
  if (text.length > limits.stateFileBytes) throw new Error('it is too large');
  return JSON.parse(text);
}
