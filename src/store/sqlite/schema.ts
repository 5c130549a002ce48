import type { DatabaseSync } from 'node:sqlite';
import { DomainError } from '../../base/error.ts';

/** "keel" in ASCII: tells our files from other programs' databases. */
const applicationId = 0x6b65656c;
const version = 1;

/**
 * - `log` has every value still kept, by revision. `previous` is the row it replaced, so compaction
 *   that passes a revision knows without searching what has become unreachable.
 * - `live` says where each key's present value is; listing never touches the past.
 * - `past` says from when until when a replaced value was the present one. Creating a key writes
 *   nothing here, and nothing here is read unless the past is asked for.
 * - `bound` ties keys to sessions, `meta` holds numbers about the file.
 */
const tables = `
CREATE TABLE log (
  revision INTEGER PRIMARY KEY, key TEXT NOT NULL, created INTEGER NOT NULL,
  previous INTEGER NOT NULL, deleted INTEGER NOT NULL, time INTEGER NOT NULL, value BLOB NOT NULL
) STRICT;
CREATE TABLE live (
  key TEXT PRIMARY KEY, revision INTEGER NOT NULL, created INTEGER NOT NULL,
  volatile INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE past (
  key TEXT NOT NULL, revision INTEGER NOT NULL, until INTEGER NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY (key, revision)
) STRICT, WITHOUT ROWID;
CREATE TABLE bound (key TEXT PRIMARY KEY, session TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('reserved', 1), ('clean', 1), ('compacted', 0),
  ('compactedTime', 0), ('swept', 0);
PRAGMA application_id = ${applicationId};
PRAGMA user_version = ${version};
`;

export type MetaName = 'reserved' | 'clean' | 'compacted' | 'compactedTime' | 'swept';

/** Sets the pragmas of a writing connection and makes the tables of a new file. */
export function prepareDatabase(database: DatabaseSync, path: string): void {
  // Only a file without tables takes this: freed pages can then be given back in slices.
  database.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL');
  // FULL syncs the WAL at each commit; NORMAL would lose acknowledged writes at a power cut.
  database.exec('PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000');
  database.exec('PRAGMA cache_size = -16384; PRAGMA journal_size_limit = 67108864');
  if (isEmpty(database)) database.exec(`BEGIN IMMEDIATE; ${tables} COMMIT`);
  checkIdentity(database, path);
}

/** Throws DomainError `invalid` when the file is another program's or of a newer version. */
export function checkIdentity(database: DatabaseSync, path: string): void {
  if (pragma(database, 'application_id') !== applicationId) {
    throw new DomainError('invalid', `"${path}" is an SQLite database, but not a keelson store`);
  }
  const found = pragma(database, 'user_version');
  if (found !== version) {
    const wanted = `this program knows version ${version}`;
    throw new DomainError('unsupported', `Store "${path}" has version ${found}; ${wanted}`);
  }
}

export function readMeta(database: DatabaseSync, name: MetaName): number {
  const row = database.prepare('SELECT value FROM meta WHERE name = ?').get(name);
  return Number(row?.['value'] ?? 0);
}

export function writeMeta(database: DatabaseSync, name: MetaName, value: number): void {
  database.prepare('UPDATE meta SET value = ? WHERE name = ?').run(value, name);
}

export function pragma(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get();
  return Number(row === undefined ? 0 : Object.values(row)[0]);
}

function isEmpty(database: DatabaseSync): boolean {
  const row = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get();
  return row?.['tables'] === 0;
}
