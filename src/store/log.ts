import { DomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import type { Driver, Outcome, Range, Sink } from './driver.ts';
import { CompactedError, ConflictError, futureRevision } from './error.ts';
import { checkKey, checkPrefix } from './key.ts';
import { LogWatch } from './log-watch.ts';
import type {
  Backup,
  DeleteOptions,
  Deleted,
  HistoryOptions,
  ListOptions,
  Page,
  PastChange,
  Reading,
  ReadOptions,
  Session,
  SessionOptions,
  Statistics,
  Store,
  UpdateOptions,
  Watch,
  WatchOptions,
  WriteOptions,
} from './store.ts';
import { WatchHub } from './watch-hub.ts';

const pageEntries = 500;

/** Opens a driver with the sink it reports to, and puts the log upon it. */
export async function openLog(open: (sink: Sink) => Promise<Driver>): Promise<Store> {
  const failed = Promise.withResolvers<Error>();
  const hub = new WatchHub();
  const driver = await open({
    onStart: (revision) => hub.start(revision),
    onChanges: (changes, head) => hub.publish(changes, head),
    onGap: (oldest) => hub.gap(oldest),
    onFailure: (reason) => {
      hub.end(reason);
      failed.resolve(reason);
    },
  });
  return new RevisionedLog(driver, hub, failed.promise);
}

/** The rules that hold for every driver: what keys, values, revisions and refusals are. */
class RevisionedLog implements Store {
  readonly failed: Promise<Error>;
  readonly #driver: Driver;
  readonly #hub: WatchHub;
  #closed = false;

  constructor(driver: Driver, hub: WatchHub, failed: Promise<Error>) {
    this.#driver = driver;
    this.#hub = hub;
    this.failed = failed;
  }

  get revision(): number {
    return this.#hub.head;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#hub.end(new DomainError('unavailable', 'The store is closed'));
    await this.#driver[Symbol.asyncDispose]();
  }

  async create(key: string, value: Uint8Array, options?: WriteOptions): Promise<number> {
    this.#checkWrite(key, value);
    const operation = { kind: 'create' as const, key, value: copyOf(value) };
    const session = options?.session;
    if (session !== undefined) session.ended.throwIfAborted();
    const tied = session === undefined ? operation : { ...operation, session: session.id };
    const outcome = await this.#driver.write(tied);
    if (outcome.done) return outcome.revision;
    throw new DomainError('exists', `"${key}" exists already`);
  }

  async update(key: string, value: Uint8Array, options: UpdateOptions): Promise<number> {
    this.#checkWrite(key, value);
    const { expected, volatile = false } = options;
    const operation = { kind: 'update' as const, key, value: copyOf(value), expected, volatile };
    const outcome = await this.#driver.write(operation);
    if (outcome.done) return outcome.revision;
    throw new ConflictError(key, expected, outcome.current);
  }

  async delete(key: string, { expected }: DeleteOptions = {}): Promise<Deleted> {
    this.#checkWrite(key);
    const operation = { kind: 'delete' as const, key };
    const guarded = expected === undefined ? operation : { ...operation, expected };
    const outcome = await this.#driver.write(guarded);
    if (outcome.done) return deleted(key, outcome);
    if (expected !== undefined) throw new ConflictError(key, expected, outcome.current);
    throw new DomainError('notFound', `"${key}" does not exist`);
  }

  async get(key: string, { revision }: ReadOptions = {}): Promise<Reading> {
    checkKey(key);
    await this.#checkRead(revision);
    return this.#driver.get(key, revision);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    return this.#driver.list(await this.#range(prefix, options));
  }

  async count(prefix: string, options: ListOptions = {}): Promise<number> {
    return this.#driver.count(await this.#range(prefix, options));
  }

  async history(key: string, options: HistoryOptions = {}): Promise<readonly PastChange[]> {
    const { limit = limits.storeHistoryChanges } = options;
    checkKey(key);
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new DomainError('invalid', `A history cannot have ${limit} changes`);
    }
    this.#checkOpen();
    const changes = Math.min(limit, limits.storeHistoryChanges);
    return this.#driver.history(key, { changes, bytes: limits.storePageBytes });
  }

  async revisionAt(timeMs: number): Promise<number> {
    this.#checkOpen();
    return this.#driver.revisionAt(timeMs);
  }

  watch(prefix: string, options: WatchOptions): Watch {
    checkPrefix(prefix);
    return new LogWatch(this.#hub, this.#driver, { ...options, prefix });
  }

  async currentRevision(): Promise<number> {
    this.#checkOpen();
    return this.#driver.currentRevision();
  }

  reached(revision: number, signal: AbortSignal): Promise<void> {
    return this.#hub.reached(revision, signal);
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen();
    await this.#checkRead(revision);
    await this.#driver.compact(revision);
  }

  async backup(path: string): Promise<Backup> {
    this.#checkOpen();
    return this.#driver.backup(path);
  }

  async openSession(options: SessionOptions): Promise<Session> {
    this.#checkOpen();
    return this.#driver.openSession(options);
  }

  async statistics(): Promise<Statistics> {
    this.#checkOpen();
    const size = await this.#driver.size();
    return { revision: this.revision, watches: this.#hub.watches, ...size };
  }

  async #range(prefix: string, options: ListOptions): Promise<Range> {
    const { revision, after, limit = pageEntries } = options;
    checkPrefix(prefix);
    if (after !== undefined) checkKey(after);
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new DomainError('invalid', `A page cannot have ${limit} entries`);
    }
    await this.#checkRead(revision);
    return { prefix, after, limit, revision };
  }

  #checkWrite(key: string, value?: Uint8Array): void {
    this.#checkOpen();
    checkKey(key);
    if (value !== undefined && value.length > limits.storeValueBytes) {
      const size = `${value.length} bytes, ${limits.storeValueBytes} are allowed`;
      throw new DomainError('invalid', `The value of "${key}" has ${size}`);
    }
  }

  async #checkRead(revision: number | undefined): Promise<void> {
    this.#checkOpen();
    if (revision === undefined) return;
    if (!Number.isSafeInteger(revision) || revision < 1) {
      throw new DomainError('invalid', `${revision} is not a revision`);
    }
    if (revision > this.revision) {
      // Another process, or a list of this one, may know more than the watches here have heard.
      const current = await this.#driver.currentRevision();
      if (revision > current) throw futureRevision(revision, current);
    }
    if (revision < this.#hub.oldest) throw new CompactedError(revision, this.#hub.oldest);
  }

  #checkOpen(): void {
    if (this.#closed) throw new DomainError('unavailable', 'The store is closed');
  }
}

function deleted(key: string, { revision, previous }: Outcome & { done: true }): Deleted {
  if (previous === undefined) throw new Error(`the driver lost what "${key}" held`);
  return { ...previous, deletedAt: revision };
}

/** The log keeps values for its watches, and the caller may reuse its buffer. */
function copyOf(value: Uint8Array): Uint8Array {
  return new Uint8Array(value);
}
