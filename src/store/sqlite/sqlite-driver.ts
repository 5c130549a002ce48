import { DomainError } from '../../base/error.ts';
import type {
  Driver,
  DriverSize,
  HistoryLimit,
  Operation,
  Outcome,
  Range,
  Sink,
  Span,
} from '../driver.ts';
import { CompactedError } from '../error.ts';
import type { Backup, Change, Entry, Page, PastChange, Reading, Session } from '../store.ts';
import { backUp } from './backup.ts';
import { sqliteFailure } from './failure.ts';
import { Heartbeats } from './heartbeats.ts';
import { Reader } from './reader.ts';
import { ProcessSession } from './session.ts';
import { Writing } from './writing.ts';

const flushIntervalMs = 10_000;

/** Opens or makes the database at a path; its folder has to exist. */
export async function openSqlite(path: string, sink: Sink): Promise<Driver> {
  const driver = new SqliteDriver(path, sink);
  await driver.open();
  return driver;
}

/**
 * One thread writes, this one reads: a read takes some microseconds, less than a message to a
 * thread and back. The state read is always that of #head, never a newer one
 * that watches have not heard of.
 */
class SqliteDriver implements Driver {
  #head = 0;
  #compacted = 0;
  #pastBytes = 0;
  #reader: Reader | undefined;
  readonly #path: string;
  readonly #sink: Sink;
  readonly #writing: Writing;
  readonly #heartbeats = new Heartbeats();
  readonly #sessions = new Set<ProcessSession>();

  constructor(path: string, sink: Sink) {
    this.#path = path;
    this.#sink = sink;
    this.#writing = new Writing(
      { path, flushIntervalMs },
      {
        onWritten: (operations, { outcomes, head, pastBytes }) => {
          this.#pastBytes = pastBytes;
          this.#publish(operations, outcomes, head);
        },
        onFlushed: (upTo) => this.#heartbeats.flushed(upTo),
        onFailure: (reason) => this.#fail(reason),
      },
    );
  }

  async open(): Promise<void> {
    const { head, compacted, pastBytes } = await this.#writing.opened();
    this.#pastBytes = pastBytes;
    this.#head = head;
    this.#compacted = compacted;
    this.#reader = new Reader(this.#path);
    this.#sink.onStart(head);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) await session[Symbol.asyncDispose]();
    // First: the last connection to close moves the WAL into the file, and this one may not write.
    this.#reader?.[Symbol.dispose]();
    this.#reader = undefined;
    await this.#writing.run({ kind: 'close' });
  }

  async write(operation: Operation): Promise<Outcome> {
    const outcome = await this.#writing.write(operation);
    if (outcome.done) return outcome;
    const { entry } = await this.get(operation.key, undefined);
    return entry === undefined ? outcome : { done: false, current: entry };
  }

  async get(key: string, asked: number | undefined): Promise<Reading> {
    const revision = this.#readable(asked);
    const found = this.#read((reader) => reader.get(key, revision));
    if (found === undefined) return { revision };
    return { revision, entry: this.#heartbeats.over(found, revision) };
  }

  async list(range: Range): Promise<Page> {
    const revision = this.#readable(range.revision);
    const { entries, more } = this.#read((reader) => reader.list({ ...range, revision }));
    const newest = entries.map((entry) => this.#heartbeats.over(entry, revision));
    return { revision, entries: newest, more };
  }

  async count(range: Range): Promise<number> {
    const revision = this.#readable(range.revision);
    return this.#read((reader) => reader.count({ ...range, revision }));
  }

  async *changes({ prefix, after, upTo }: Span): AsyncIterable<readonly Change[]> {
    // Heartbeats that only memory had are in the log after this.
    await this.#writing.run({ kind: 'flush' });
    for (let seen = after; seen < upTo;) {
      if (seen < this.#compacted) throw new CompactedError(seen, this.#compacted);
      const span = { prefix, after: seen, upTo };
      const { changes, seenUpTo } = this.#read((reader) => reader.changes(span));
      if (changes.length > 0) yield changes;
      seen = seenUpTo;
    }
  }

  async history(key: string, limit: HistoryLimit): Promise<readonly PastChange[]> {
    await this.#writing.run({ kind: 'flush' });
    return this.#read((reader) => reader.history(key, limit)).filter(
      (change) => change.revision <= this.#head,
    );
  }

  async revisionAt(timeMs: number): Promise<number> {
    return this.#read((reader) => {
      const { revision, timeMs: oldestMs } = reader.oldest();
      if (timeMs < oldestMs) throw new CompactedError(0, revision);
      return Math.max(reader.revisionAt(timeMs, this.#head) ?? 1, revision);
    });
  }

  async currentRevision(): Promise<number> {
    return this.#head;
  }

  async compact(revision: number): Promise<void> {
    // Before the thread begins to sweep: a read in between would find holes.
    this.#compacted = Math.max(this.#compacted, revision);
    const { pastBytes } = await this.#writing.run({ kind: 'compact', revision });
    this.#pastBytes = pastBytes;
  }

  async backup(path: string): Promise<Backup> {
    await this.#writing.run({ kind: 'flush' });
    return backUp(this.#path, path);
  }

  async openSession(): Promise<Session> {
    const session = new ProcessSession(async (ended) => {
      this.#sessions.delete(ended);
      const { keys } = await this.#writing.run({ kind: 'keysOf', session: ended.id });
      await Promise.all(keys.map((key) => this.#writing.write({ kind: 'delete', key })));
    });
    this.#sessions.add(session);
    return session;
  }

  async size(): Promise<DriverSize> {
    const databaseBytes = this.#read((reader) => reader.usedBytes());
    return {
      oldestRevision: this.#compacted,
      databaseBytes,
      historyBytes: this.#pastBytes,
    };
  }

  #publish(operations: readonly Operation[], outcomes: readonly Outcome[], head: number): void {
    const changes: Change[] = [];
    for (const [index, operation] of operations.entries()) {
      const outcome = outcomes[index];
      if (outcome?.done !== true) continue;
      const change = changeOf(operation, outcome);
      changes.push(change);
      const isVolatile = operation.kind === 'update' && operation.volatile;
      if (isVolatile) this.#heartbeats.set(change);
      else this.#heartbeats.forget(operation.key);
    }
    this.#head = head;
    this.#sink.onChanges(changes, head);
  }

  #fail(reason: DomainError): void {
    for (const session of this.#sessions) session.abandon(reason);
    this.#sink.onFailure(reason);
  }

  #readable(revision: number | undefined): number {
    if (revision === undefined) return this.#head;
    if (revision < this.#compacted) throw new CompactedError(revision, this.#compacted);
    return revision;
  }

  #read<T>(read: (reader: Reader) => T): T {
    if (this.#reader === undefined) {
      throw new DomainError('unavailable', `Store "${this.#path}" is closed`);
    }
    try {
      return read(this.#reader);
    } catch (error) {
      throw sqliteFailure(error, this.#path);
    }
  }
}

function changeOf(operation: Operation, outcome: Outcome & { done: true }): Change {
  const { revision, previous } = outcome;
  const { key } = operation;
  const created = previous?.created ?? revision;
  if (operation.kind === 'delete') {
    return { key, value: previous?.value ?? nothing, revision, created, deleted: true };
  }
  const change: Change & Entry = { key, value: operation.value, revision, created, deleted: false };
  return previous === undefined ? change : { ...change, previous: previous.value };
}

const nothing = new Uint8Array();
