/** Makes a backup: `VACUUM INTO` reads one snapshot, however long it takes. */
import { DatabaseSync } from 'node:sqlite';
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../base/error.ts';
import type { Backup } from '../store.ts';
import type { BackupAnswer, BackupOrder } from './backup.ts';
import { sqliteFailure } from './failure.ts';
import { createPrivateFile } from './private-file.ts';
import { readMeta } from './schema.ts';

function makeBackup({ source, target }: BackupOrder): Backup {
  if (existsSync(target)) throw new Error(`Backup "${target}" exists already`);
  const unfinished = `${target}.unfinished`;
  rmSync(unfinished, { force: true });
  try {
    createPrivateFile(unfinished);
    copy(source, unfinished);
    sync(unfinished);
    renameSync(unfinished, target);
    sync(dirname(target));
  } finally {
    rmSync(unfinished, { force: true });
  }
  return { revision: revisionOf(target), sizeBytes: statSync(target).size };
}

function copy(source: string, target: string): void {
  const database = new DatabaseSync(source, { readOnly: true, timeout: 5000 });
  try {
    database.prepare('VACUUM INTO ?').run(target);
  } catch (error) {
    throw sqliteFailure(error, target);
  } finally {
    database.close();
  }
}

/** VACUUM INTO does not wait for the disk, and a backup that a power cut empties is none. */
function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function revisionOf(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const newest = database.prepare('SELECT max(revision) AS revision FROM log').get();
    return Math.max(Number(newest?.['revision'] ?? 0), readMeta(database, 'compacted'), 1);
  } finally {
    database.close();
  }
}

function answer(order: BackupOrder): BackupAnswer {
  try {
    return { backup: makeBackup(order) };
  } catch (error) {
    return { failure: messageOf(error) };
  }
}

parentPort?.postMessage(answer(workerData as BackupOrder));
