import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { pragma, readMeta, writeMeta } from './schema.ts';

/** How long one slice may keep writers waiting. */
const sliceMs = 4;
/** Rows between two looks at the clock. */
const stride = 16;
/** Pages given back to the file system after a slice. */
const freedPages = 64;
/** Free pages are filled again by later writes; giving them back moves others, so only many are. */
const sparePages = 4_096;
const spareShare = 0.25;

/** Forgets the past in slices: first promised, then done, over restarts too. */
export class Compaction {
  /** Bytes of values removed since this was last set to 0. */
  freedBytes = 0;
  #swept: number;
  readonly #database: DatabaseSync;
  readonly #next: StatementSync;
  readonly #forget: StatementSync;
  readonly #remove: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#swept = readMeta(database, 'swept');
    this.#next = database.prepare(
      `SELECT revision, key, previous, deleted FROM log
       WHERE revision > ? AND revision <= ? ORDER BY revision LIMIT ?`,
    );
    this.#forget = database.prepare(
      'DELETE FROM past WHERE key = ? AND revision = ? RETURNING size',
    );
    this.#remove = database.prepare('DELETE FROM log WHERE revision = ?');
  }

  /** From now on nothing before the revision is promised; {@link slice} makes it true. */
  mark(revision: number): void {
    if (revision <= readMeta(this.#database, 'compacted')) return;
    const newest = 'SELECT time FROM log WHERE revision <= ? ORDER BY revision DESC LIMIT 1';
    const timeMs = Number(this.#database.prepare(newest).get(revision)?.['time'] ?? 0);
    this.#transaction(() => {
      writeMeta(this.#database, 'compacted', revision);
      writeMeta(this.#database, 'compactedTime', timeMs);
    });
  }

  /** Removes what some rows of the log replaced. True when there is no more to do. */
  slice(): boolean {
    const upTo = readMeta(this.#database, 'compacted');
    if (this.#swept >= upTo) return this.#shrink();
    const { freedBytes } = this;
    const end = performance.now() + sliceMs;
    let at = this.#swept;
    // Losing a slice at a power cut costs nothing, so it need not wait for the disk.
    this.#database.exec('PRAGMA synchronous = NORMAL');
    try {
      this.#transaction(() => {
        while (at < upTo && performance.now() < end) at = this.#sweep(at, upTo);
        writeMeta(this.#database, 'swept', at);
      });
      this.#swept = at;
      return false;
    } catch (error) {
      this.freedBytes = freedBytes;
      throw error;
    } finally {
      this.#database.exec('PRAGMA synchronous = FULL');
    }
  }

  /** Each row says what it replaced, and a deletion is itself unreachable once it is passed. */
  #sweep(after: number, upTo: number): number {
    const rows = this.#next.all(after, upTo, stride);
    for (const row of rows) {
      const previous = Number(row['previous']);
      if (previous !== 0) {
        const forgotten = this.#forget.get(String(row['key']), previous);
        this.freedBytes += Number(forgotten?.['size'] ?? 0);
        this.#remove.run(previous);
      }
      if (row['deleted'] === 1) this.#remove.run(Number(row['revision']));
    }
    return rows.length < stride ? upTo : Number(rows.at(-1)?.['revision']);
  }

  /** True when there is nothing worth giving back, or no more of it. */
  #shrink(): boolean {
    const free = pragma(this.#database, 'freelist_count');
    const all = pragma(this.#database, 'page_count');
    if (free <= Math.max(sparePages, all * spareShare)) return true;
    this.#database.exec(`PRAGMA incremental_vacuum(${freedPages})`);
    return false;
  }

  #transaction(body: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      body();
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
