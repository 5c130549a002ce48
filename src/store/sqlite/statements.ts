import type { DatabaseSync, StatementSync } from 'node:sqlite';

export interface WriterStatements {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly rollback: StatementSync;
  readonly findLive: StatementSync;
  readonly readValue: StatementSync;
  readonly append: StatementSync;
  readonly putLive: StatementSync;
  readonly removeLive: StatementSync;
  readonly supersede: StatementSync;
  readonly bind: StatementSync;
  readonly unbind: StatementSync;
  readonly boundKeys: StatementSync;
  readonly reserve: StatementSync;
}

/** What a commit runs, prepared once: preparing costs more than running. */
export function writerStatements(database: DatabaseSync): WriterStatements {
  return {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
    findLive: database.prepare('SELECT revision, created FROM live WHERE key = ?'),
    readValue: database.prepare('SELECT value FROM log WHERE revision = ?'),
    append: database.prepare('INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)'),
    putLive: database.prepare('INSERT OR REPLACE INTO live VALUES (?, ?, ?, ?)'),
    removeLive: database.prepare('DELETE FROM live WHERE key = ?'),
    supersede: database.prepare('INSERT INTO past VALUES (?, ?, ?, ?)'),
    bind: database.prepare('INSERT OR REPLACE INTO bound VALUES (?, ?)'),
    unbind: database.prepare('DELETE FROM bound WHERE key = ?'),
    boundKeys: database.prepare('SELECT key FROM bound WHERE session = ?1 OR ?1 IS NULL'),
    reserve: database.prepare("UPDATE meta SET value = ? WHERE name = 'reserved'"),
  };
}
