import type { DatabaseSync } from 'node:sqlite';
import type { Entry } from '../store.ts';
import type { Operation, Outcome } from '../driver.ts';
import { readMeta, writeMeta } from './schema.ts';
import { writerStatements } from './statements.ts';

/** Revisions set aside by one durable write, so that a heartbeat needs none. */
const reservation = 10_000;

/** A value in memory, and where the database has the key's older one. */
interface Unflushed extends Entry {
  readonly stored: number;
  readonly timeMs: number;
}

/**
 * Applies batches of operations, each batch in one transaction. Volatile updates stay in memory
 * until {@link Writer.flush} or until a durable operation concerns their key.
 */
export class Writer {
  head: number;
  /** Bytes of replaced values; counted once when opened, then kept up to date. */
  pastBytes: number;
  #reserved: number;
  #lastTimeMs = 0;
  #unflushed = new Map<string, Unflushed>();
  /** What the running batch found in {@link #unflushed} where it has changed it. */
  #before = new Map<string, Unflushed | undefined>();
  #inTransaction = false;
  readonly #database: DatabaseSync;
  readonly #run;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#run = writerStatements(database);
    const newest = database.prepare('SELECT max(revision) AS r FROM log').get();
    const past = database.prepare('SELECT total(size) AS size FROM past').get();
    this.#reserved = readMeta(database, 'reserved');
    this.head = Math.max(Number(newest?.['r'] ?? 0), this.#reserved);
    this.pastBytes = Number(past?.['size']);
    this.#lastTimeMs = this.#newestTime();
  }

  get hasUnflushed(): boolean {
    return this.#unflushed.size > 0;
  }

  /**
   * What opening owes to readers of the process before: its sessions are over, and heartbeats that
   * a crash took back get a new revision, so that a watch that saw the lost one is told.
   */
  recover(): void {
    const unclean = readMeta(this.#database, 'clean') === 0;
    this.#transaction(() => {
      if (unclean) this.#announceVolatile();
      for (const row of this.#run.boundKeys.all(null)) this.#remove(String(row['key']));
      writeMeta(this.#database, 'clean', 0);
      this.#reserve();
    });
  }

  /** All or nothing of the batch, on disk when it returns. Throws what SQLite throws. */
  apply(operations: readonly Operation[]): Outcome[] {
    const { head, pastBytes } = this;
    const durable = operations.some(isDurable) || head + operations.length > this.#reserved;
    this.#before.clear();
    try {
      if (!durable) return operations.map((operation) => this.#apply(operation));
      return this.#transaction(() => {
        const outcomes = operations.map((operation) => this.#apply(operation));
        if (this.head > this.#reserved - reservation / 2) this.#reserve();
        return outcomes;
      });
    } catch (error) {
      Object.assign(this, { head, pastBytes });
      for (const [key, entry] of this.#before) this.#setUnflushed(key, entry);
      throw error;
    }
  }

  /** Writes the heartbeats kept in memory; returns the revision up to which all is on disk. */
  flush(): number {
    if (this.#unflushed.size === 0) return this.head;
    const { pastBytes } = this;
    try {
      this.#transaction(() => {
        for (const entry of this.#unflushed.values()) this.#store(entry);
      });
    } catch (error) {
      this.pastBytes = pastBytes;
      throw error;
    }
    this.#unflushed.clear();
    return this.head;
  }

  /** The keys tied to a session. */
  keysOf(session: string): string[] {
    return this.#run.boundKeys.all(session).map((row) => String(row['key']));
  }

  /** Notes that nothing was lost, so that the next opening goes on with the next revision. */
  close(): void {
    this.flush();
    this.#transaction(() => {
      this.#run.reserve.run(this.head);
      writeMeta(this.#database, 'clean', 1);
    });
  }

  #apply(operation: Operation): Outcome {
    const current = this.#find(operation.key);
    if (operation.kind === 'create') {
      if (current !== undefined) return { done: false };
      this.head++;
      this.#put({ ...operation, revision: this.head, created: this.head }, 0);
      if (operation.session !== undefined) this.#run.bind.run(operation.key, operation.session);
      return { done: true, revision: this.head };
    }
    const { expected } = operation;
    if (current === undefined) return { done: false };
    if (expected !== undefined && expected !== current.revision) return { done: false };
    const previous = { ...current, value: this.#valueOf(current) };
    if (operation.kind === 'delete') this.#remove(operation.key);
    else this.#update(operation, previous);
    return { done: true, revision: this.head, previous };
  }

  #update(operation: Operation & { kind: 'update' }, previous: Found & Entry): void {
    this.head++;
    const { key, value } = operation;
    const entry = { key, value, revision: this.head, created: previous.created };
    if (operation.volatile) {
      // A copy: the operation's value is a part of its whole batch's memory.
      const kept = { ...entry, value: value.slice(), stored: previous.stored, timeMs: this.#now() };
      this.#setUnflushed(key, kept);
      return;
    }
    this.#storeIfUnflushed(key);
    this.#put(entry, previous.revision);
    this.#supersede(key, previous.revision, previous.value.length);
  }

  #remove(key: string): void {
    this.#storeIfUnflushed(key);
    const current = this.#find(key);
    if (current === undefined) return;
    const value = this.#valueOf(current);
    this.head++;
    const { created, revision } = current;
    this.#run.append.run(this.head, key, created, revision, 1, this.#now(), new Uint8Array());
    this.#run.removeLive.run(key);
    this.#run.unbind.run(key);
    this.#supersede(key, revision, value.length);
  }

  #find(key: string): Found | undefined {
    const unflushed = this.#unflushed.get(key);
    if (unflushed !== undefined) return unflushed;
    const row = this.#run.findLive.get(key);
    if (row === undefined) return undefined;
    const revision = Number(row['revision']);
    return { key, revision, created: Number(row['created']), stored: revision };
  }

  #valueOf(found: Found): Uint8Array {
    if (found.value !== undefined) return found.value;
    const row = this.#run.readValue.get(found.revision);
    if (row?.['value'] instanceof Uint8Array) return row['value'];
    throw new Error(`revision ${found.revision} of "${found.key}" is not in the log`);
  }

  /** `volatileSince` is when a heartbeat was accepted; other values are of this moment. */
  #put(entry: Entry, previous: number, volatileSince?: number): void {
    const { key, revision, created, value } = entry;
    const timeMs = volatileSince ?? this.#now();
    this.#run.append.run(revision, key, created, previous, 0, timeMs, value);
    this.#run.putLive.run(key, revision, created, volatileSince === undefined ? 0 : 1);
  }

  #supersede(key: string, revision: number, size: number): void {
    this.#run.supersede.run(key, revision, this.head, size);
    this.pastBytes += size;
  }

  /** A durable change builds upon a stored row, not upon one that a crash would take back. */
  #storeIfUnflushed(key: string): void {
    const entry = this.#unflushed.get(key);
    if (entry === undefined) return;
    this.#store(entry);
    this.#setUnflushed(key, undefined);
  }

  #setUnflushed(key: string, entry: Unflushed | undefined): void {
    if (!this.#before.has(key)) this.#before.set(key, this.#unflushed.get(key));
    if (entry === undefined) this.#unflushed.delete(key);
    else this.#unflushed.set(key, entry);
  }

  #store(entry: Unflushed): void {
    const size = this.#valueOf({ ...entry, value: undefined, revision: entry.stored }).length;
    this.#put(entry, entry.stored, entry.timeMs);
    this.#run.supersede.run(entry.key, entry.stored, entry.revision, size);
    this.pastBytes += size;
  }

  #announceVolatile(): void {
    const rows = this.#database
      .prepare('SELECT key, revision, created FROM live WHERE volatile = 1')
      .all();
    for (const row of rows) {
      const found = this.#find(String(row['key']));
      if (found === undefined) continue;
      const value = this.#valueOf(found);
      this.head++;
      this.#put({ ...found, value, revision: this.head }, found.revision, this.#now());
      this.#supersede(found.key, found.revision, value.length);
    }
  }

  #reserve(): void {
    this.#reserved = this.head + reservation;
    this.#run.reserve.run(this.#reserved);
  }

  #transaction<T>(body: () => T): T {
    if (this.#inTransaction) throw new Error('transactions do not nest');
    const reserved = this.#reserved;
    this.#run.begin.run();
    this.#inTransaction = true;
    try {
      const result = body();
      this.#run.commit.run();
      return result;
    } catch (error) {
      this.#reserved = reserved;
      this.#rollback();
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  /** SQLite has already rolled back after some failures, a full disk among them. */
  #rollback(): void {
    if (this.#database.isTransaction) this.#run.rollback.run();
  }

  /** Grows with revisions even when the clock is set back, so that times can be searched. */
  #now(): number {
    this.#lastTimeMs = Math.max(Date.now(), this.#lastTimeMs);
    return this.#lastTimeMs;
  }

  #newestTime(): number {
    const newest = 'SELECT time FROM log ORDER BY revision DESC LIMIT 1';
    return Number(this.#database.prepare(newest).get()?.['time'] ?? 0);
  }
}

interface Found {
  readonly key: string;
  readonly revision: number;
  readonly created: number;
  /** The row of the log that `live` points to. */
  readonly stored: number;
  readonly value?: Uint8Array | undefined;
}

function isDurable(operation: Operation): boolean {
  return operation.kind !== 'update' || !operation.volatile;
}
