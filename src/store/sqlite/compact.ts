import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { readMeta, writeMeta } from './schema.ts';

/** How long one slice may keep writers waiting. */
const sliceMs = 5;
/** Rows between two looks at the clock. */
const stride = 32;
/** Pages given back to the file system after a slice. */
const freedPages = 256;

/** From now on nothing before the revision is promised; {@link compactSlice} makes it true. */
export function markCompacted(database: DatabaseSync, revision: number): void {
  if (revision <= readMeta(database, 'compacted')) return;
  const newest = 'SELECT time FROM log WHERE revision <= ? ORDER BY revision DESC LIMIT 1';
  const timeMs = Number(database.prepare(newest).get(revision)?.['time'] ?? 0);
  database.exec('BEGIN IMMEDIATE');
  try {
    writeMeta(database, 'compacted', revision);
    writeMeta(database, 'compactedTime', timeMs);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Removes what some rows of the log replaced. Says how many bytes, and whether that was all. */
export function compactSlice(database: DatabaseSync): { freedBytes: number; done: boolean } {
  const upTo = readMeta(database, 'compacted');
  const sweep = new Sweep(database, readMeta(database, 'swept'));
  const end = performance.now() + sliceMs;
  // Losing a slice at a power cut costs nothing, so it need not wait for the disk.
  database.exec('PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE');
  try {
    let done = false;
    while (!done && performance.now() < end) done = sweep.rows(upTo, stride);
    writeMeta(database, 'swept', done ? upTo : sweep.at);
    database.exec(`COMMIT; PRAGMA incremental_vacuum(${freedPages})`);
    return { freedBytes: sweep.freedBytes, done };
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  } finally {
    database.exec('PRAGMA synchronous = FULL');
  }
}

class Sweep {
  at: number;
  freedBytes = 0;
  readonly #next: StatementSync;
  readonly #forget: StatementSync;
  readonly #remove: StatementSync;

  constructor(database: DatabaseSync, at: number) {
    this.at = at;
    this.#next = database.prepare(
      `SELECT revision, key, previous, deleted FROM log
       WHERE revision > ? AND revision <= ? ORDER BY revision LIMIT ?`,
    );
    this.#forget = database.prepare(
      'DELETE FROM past WHERE key = ? AND revision = ? RETURNING size',
    );
    this.#remove = database.prepare('DELETE FROM log WHERE revision = ?');
  }

  /** Each row says what it replaced, and a deletion is itself unreachable once it is passed. */
  rows(upTo: number, count: number): boolean {
    const rows = this.#next.all(this.at, upTo, count);
    for (const row of rows) {
      const [revision, previous] = [Number(row['revision']), Number(row['previous'])];
      if (previous !== 0) {
        const forgotten = this.#forget.get(String(row['key']), previous);
        this.freedBytes += Number(forgotten?.['size'] ?? 0);
        this.#remove.run(previous);
      }
      if (row['deleted'] === 1) this.#remove.run(revision);
      this.at = revision;
    }
    return rows.length < count;
  }
}
