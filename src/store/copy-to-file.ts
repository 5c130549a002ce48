import { rm, stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { DomainError } from '../base/error.ts';
import { existsSync, renameSync } from 'node:fs';
import type { Driver } from './driver.ts';
import { createPrivateFile } from './sqlite/private-file.ts';
import { prepareDatabase } from './sqlite/schema.ts';
import type { Backup, Entry } from './store.ts';

const pageEntries = 500;

/**
 * Writes the state of any driver at one revision as a file of the embedded store, which both
 * drivers restore from. What the past held is not in it.
 */
export async function copyToFile(
  source: Pick<Driver, 'currentRevision' | 'list'>,
  path: string,
): Promise<Backup> {
  if (existsSync(path)) throw new DomainError('exists', `Backup "${path}" exists already`);
  const unfinished = `${path}.unfinished`;
  await rm(unfinished, { force: true });
  try {
    const revision = await fill(source, unfinished);
    renameSync(unfinished, path);
    return { revision, sizeBytes: (await stat(path)).size };
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function fill(
  source: Pick<Driver, 'currentRevision' | 'list'>,
  path: string,
): Promise<number> {
  createPrivateFile(path);
  const database = new DatabaseSync(path);
  try {
    prepareDatabase(database, path);
    const revision = await source.currentRevision();
    let after: string | undefined;
    do {
      const page = await source.list({ prefix: '/', after, limit: pageEntries, revision });
      insert(database, page.entries);
      after = page.more ? page.entries.at(-1)?.key : undefined;
    } while (after !== undefined);
    // One file, synced: WAL mode would leave a second one beside it.
    database.exec(`UPDATE meta SET value = ${revision} WHERE name = 'reserved'`);
    database.exec(`UPDATE meta SET value = ${revision} WHERE name IN ('compacted', 'swept')`);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE');
    return revision;
  } finally {
    database.close();
  }
}

function insert(database: DatabaseSync, entries: readonly Entry[]): void {
  const log = database.prepare('INSERT INTO log VALUES (?, ?, ?, 0, 0, ?, ?)');
  const live = database.prepare('INSERT INTO live VALUES (?, ?, ?, 0)');
  database.exec('BEGIN');
  for (const { key, value, revision, created } of entries) {
    log.run(revision, key, created, Date.now(), value);
    live.run(key, revision, created);
  }
  database.exec('COMMIT');
}
