import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { limits } from '../../base/limits.ts';
import type { HistoryLimit, Range, Span } from '../driver.ts';
import { compareKeys, endOfPrefix } from '../key.ts';
import { NewestChanges } from '../newest-changes.ts';
import type { Change, Entry, PastChange } from '../store.ts';
import { pragma, readMeta } from './schema.ts';

type Row = Record<string, unknown>;

/** Rows of the log looked at in one go while a watch catches up. */
const windowRows = 2_000;
const windowBytes = 4 * 1024 * 1024;

const entryColumns = 'log.key, log.value, log.revision, log.created';
const changeColumns = `${entryColumns}, log.deleted, log.time, before.value AS previous`;
const joinBefore = 'LEFT JOIN log AS before ON before.revision = log.previous';

/** Reads with a connection of its own, which sees whole commits and never waits for the writer. */
export class Reader implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepare>;

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
    this.#database.exec('PRAGMA cache_size = -8192');
    this.#statements = prepare(this.#database);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  get(key: string, revision: number): Entry | undefined {
    const row =
      this.#statements.present.get(key, revision) ??
      this.#statements.past.get(key, revision, revision);
    return row === undefined ? undefined : entryOf(row);
  }

  list(range: Range & { revision: number }): { entries: Entry[]; more: boolean } {
    const { prefix, revision } = range;
    const limit = Math.min(range.limit, limits.storePageEntries);
    const after = laterOf(range.after ?? prefix, prefix);
    const entries: Entry[] = [];
    let bytes = 0;
    return this.#consistently(revision, (pastMatters) => {
      const { listPresent, listPast } = this.#statements;
      const bounds = [after, endOfPrefix(prefix), revision] as const;
      const rows = pastMatters
        ? listPast.iterate(...bounds, ...bounds, revision, limit + 1)
        : listPresent.iterate(...bounds, limit + 1);
      for (const row of rows) {
        if (entries.length === limit || bytes > limits.storePageBytes) {
          return { entries, more: true };
        }
        const entry = entryOf(row);
        bytes += entry.value.length;
        entries.push(entry);
      }
      return { entries, more: false };
    });
  }

  /** All entries but those of sessions, which end with their process. */
  *everything(pageEntries: number): Generator<Entry, void> {
    const range = { prefix: '/', limit: pageEntries, revision: Number.MAX_SAFE_INTEGER };
    for (let after: string | undefined; ;) {
      const { entries, more } = this.list({ ...range, after });
      for (const entry of entries) {
        if (this.#statements.isBound.get(entry.key) === undefined) yield entry;
      }
      if (!more) return;
      after = entries.at(-1)?.key;
    }
  }

  count({ prefix, after, revision }: Range & { revision: number }): number {
    const bounds = [laterOf(after ?? prefix, prefix), endOfPrefix(prefix), revision] as const;
    return this.#consistently(revision, (pastMatters) => {
      const { countPresent, countPast } = this.#statements;
      const present = Number(countPresent.get(...bounds)?.['keys']);
      if (!pastMatters) return present;
      return present + Number(countPast.get(...bounds, revision)?.['keys']);
    });
  }

  /** Some changes of the span, in order, and the revision up to which they are all. */
  changes({ prefix, after, upTo }: Span): { changes: Change[]; seenUpTo: number } {
    const window = this.#statements.windowEnd.get(after, upTo, windowRows);
    const end = window === undefined ? upTo : Number(window['revision']);
    const bounds = [after, end, prefix, endOfPrefix(prefix)] as const;
    const changes: Change[] = [];
    let bytes = 0;
    for (const row of this.#statements.changes.iterate(...bounds)) {
      const change = changeOf(row);
      changes.push(change);
      bytes += change.value.length;
      if (bytes > windowBytes) return { changes, seenUpTo: change.revision };
    }
    return { changes, seenUpTo: end };
  }

  /** Read from the newest on, for there may be more than fit into memory. */
  history(key: string, limit: HistoryLimit): PastChange[] {
    const newest = new NewestChanges(limit);
    for (const row of this.#statements.history.iterate(key, key, key, key)) {
      if (!newest.addOlder({ ...changeOf(row), timeMs: Number(row['time']) })) break;
    }
    return newest.changes;
  }

  /** Since when and from which revision the past is readable. */
  oldest(): { revision: number; timeMs: number } {
    const revision = readMeta(this.#database, 'compacted');
    return { revision, timeMs: readMeta(this.#database, 'compactedTime') };
  }

  usedBytes(): number {
    const pages = pragma(this.#database, 'page_count') - pragma(this.#database, 'freelist_count');
    return pages * pragma(this.#database, 'page_size');
  }

  /** Times grow with revisions, so halving finds the last revision up to a time. */
  revisionAt(timeMs: number, newest: number): number | undefined {
    let [low, high] = [0, newest];
    let found: number | undefined;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = this.#statements.timeAfter.get(middle, newest);
      if (row === undefined) high = middle;
      else if (Number(row['time']) > timeMs) high = middle;
      else low = found = Number(row['revision']);
    }
    return found;
  }

  /** One snapshot: whether anything is newer than the revision decides how to read at it. */
  #consistently<T>(revision: number, read: (pastMatters: boolean) => T): T {
    this.#statements.begin.run();
    try {
      const newest = Number(this.#statements.newest.get()?.['revision'] ?? 0);
      return read(newest > revision);
    } finally {
      this.#statements.end.run();
    }
  }
}

function prepare(database: DatabaseSync): Record<Name, StatementSync> {
  const statement = (sql: string): StatementSync => database.prepare(sql);
  const present = 'FROM live WHERE live.key > ? AND live.key < ? AND live.revision <= ?';
  const past = 'FROM past WHERE past.key > ? AND past.key < ? AND past.revision <= ?';
  return {
    begin: statement('BEGIN'),
    end: statement('COMMIT'),
    newest: statement('SELECT max(revision) AS revision FROM log'),
    present: statement(
      `SELECT ${entryColumns} FROM live JOIN log USING (revision)
       WHERE live.key = ? AND live.revision <= ?`,
    ),
    past: statement(
      `SELECT ${entryColumns} FROM past JOIN log USING (revision)
       WHERE past.key = ? AND past.revision <= ? AND past.until > ?`,
    ),
    listPresent: statement(
      `SELECT ${entryColumns} FROM (SELECT key, revision ${present} ORDER BY key LIMIT ?) AS found
       CROSS JOIN log ON log.revision = found.revision ORDER BY found.key`,
    ),
    listPast: statement(
      `SELECT ${entryColumns} FROM (SELECT key, revision ${present}
       UNION ALL SELECT key, revision ${past} AND past.until > ? ORDER BY key LIMIT ?) AS found
       CROSS JOIN log ON log.revision = found.revision ORDER BY found.key`,
    ),
    countPresent: statement(`SELECT count(*) AS keys ${present}`),
    countPast: statement(`SELECT count(*) AS keys ${past} AND past.until > ?`),
    windowEnd: statement(
      `SELECT revision FROM log WHERE revision > ? AND revision <= ?
       ORDER BY revision LIMIT 1 OFFSET ?`,
    ),
    changes: statement(
      `SELECT ${changeColumns} FROM log ${joinBefore}
       WHERE log.revision > ? AND log.revision <= ? AND log.key > ? AND log.key < ?
       ORDER BY log.revision`,
    ),
    history: statement(
      `SELECT ${changeColumns} FROM (SELECT revision FROM past WHERE key = ?
       UNION SELECT until FROM past JOIN log AS ending ON ending.revision = past.until
       WHERE past.key = ? AND ending.deleted = 1 AND ending.key = ?
       UNION SELECT revision FROM live WHERE key = ?) AS found
       CROSS JOIN log ON log.revision = found.revision ${joinBefore}
       ORDER BY log.revision DESC`,
    ),
    isBound: statement('SELECT 1 FROM bound WHERE key = ?'),
    timeAfter: statement(
      `SELECT revision, time FROM log WHERE revision > ? AND revision <= ?
       ORDER BY revision LIMIT 1`,
    ),
  };
}

type Name =
  | 'begin'
  | 'end'
  | 'newest'
  | 'present'
  | 'past'
  | 'listPresent'
  | 'listPast'
  | 'countPresent'
  | 'countPast'
  | 'windowEnd'
  | 'changes'
  | 'history'
  | 'isBound'
  | 'timeAfter';

function laterOf(a: string, b: string): string {
  return compareKeys(a, b) > 0 ? a : b;
}

function entryOf(row: Row): Entry {
  return {
    key: String(row['key']),
    value: bytesOf(row['value']),
    revision: Number(row['revision']),
    created: Number(row['created']),
  };
}

function changeOf(row: Row): Change {
  const change = { ...entryOf(row), deleted: row['deleted'] === 1 };
  if (row['previous'] === null) return change;
  const previous = bytesOf(row['previous']);
  return change.deleted ? { ...change, value: previous } : { ...change, previous };
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error('a value of the store is not bytes');
}
