import { Buffer } from 'node:buffer';
import { limits } from '../../base/limits.ts';
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
import { compareKeys, endOfPrefix } from '../key.ts';
import { NewestChanges } from '../newest-changes.ts';
import type {
  Backup,
  Change,
  Page,
  PastChange,
  Reading,
  Session,
  SessionOptions,
} from '../store.ts';
import { copyToFile } from '../copy-to-file.ts';
import { connectEtcd, type EtcdClient, type EtcdOptions } from './client.ts';
import { Clock } from './clock.ts';
import { changeOf, clockKey, entryOf, isOurs } from './convert.ts';
import { isCompacted, isTooLarge, readFailure } from './failure.ts';
import { Feed } from './feed.ts';
import { readHistory } from './history.ts';
import type { RangeRequest, RangeResponse } from './protocol.ts';
import { openLeaseSession } from './session.ts';
import { planWrite } from './write.ts';
import { eventsBetween } from './watching.ts';

/** Revisions before the newest that the feed begins with, for watches that come back after us. */
const replayedRevisions = 5_000;

export async function openEtcd(options: EtcdOptions, sink: Sink): Promise<Driver> {
  const client = await connectEtcd(options);
  try {
    const { header } = await client.range({ key: Buffer.from(clockKey), count_only: true });
    const driver = new EtcdDriver(client, sink);
    await driver.start(header.revision);
    return driver;
  } catch (error) {
    client[Symbol.dispose]();
    throw readFailure(error, client.where);
  }
}

class EtcdDriver implements Driver {
  readonly #client: EtcdClient;
  readonly #sink: Sink;
  readonly #clock: Clock;
  readonly #sessions = new Set<Session>();
  #feed: Feed | undefined;
  #oldest = 0;

  constructor(client: EtcdClient, sink: Sink) {
    this.#client = client;
    this.#sink = sink;
    this.#clock = new Clock(client);
  }

  /** Resolves when the feed has come to the revision. */
  async start(revision: number): Promise<void> {
    this.#oldest = await this.#findOldest();
    const from = Math.max(1, this.#oldest, revision - replayedRevisions);
    this.#sink.onStart(from);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#feed = new Feed(this.#client, from, {
      onEvents: (events, head) => {
        const mark = events.findLast(({ kv }) => kv.key.toString() === clockKey);
        if (mark !== undefined) this.#clock.hear(mark.kv.value);
        this.#sink.onChanges(events.filter(isOurs).map(changeOf), head);
        if (head >= revision) resolve();
      },
      onGap: (oldest) => {
        this.#oldest = oldest;
        this.#sink.onGap(oldest);
        if (oldest >= revision) resolve();
      },
      onFailure: (reason) => {
        reject(reason);
        this.#sink.onFailure(reason);
      },
    });
    if (from >= revision) resolve();
    await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#feed?.[Symbol.dispose]();
    await Promise.allSettled([...this.#sessions].map((one) => one[Symbol.asyncDispose]()));
    this.#client[Symbol.dispose]();
  }

  async write(operation: Operation): Promise<Outcome> {
    const request = planWrite(operation, this.#clock.mark());
    const { header, succeeded, responses } = await this.#client.transact(operation.key, request);
    const found = responses.flatMap(({ response_range, response_delete_range }) => [
      ...(response_range?.kvs ?? []),
      ...(response_delete_range?.prev_kvs ?? []),
    ])[0];
    if (succeeded && found === undefined) return { done: true, revision: header.revision };
    if (found === undefined) return { done: false };
    if (!succeeded) return { done: false, current: entryOf(found) };
    return { done: true, revision: header.revision, previous: entryOf(found) };
  }

  async get(name: string, revision: number | undefined): Promise<Reading> {
    const { header, kvs } = await this.#range({ key: Buffer.from(name) }, revision);
    const reading = { revision: revision ?? header.revision };
    return kvs[0] === undefined ? reading : { ...reading, entry: entryOf(kvs[0]) };
  }

  async list(range: Range): Promise<Page> {
    const { header, kvs, more } = await this.#rangeInSize(range);
    return { revision: range.revision ?? header.revision, entries: kvs.map(entryOf), more };
  }

  async count(range: Range): Promise<number> {
    return (await this.#range({ ...rangeOf(range), count_only: true }, range.revision)).count;
  }

  async *changes({ prefix, after, upTo }: Span): AsyncIterable<readonly Change[]> {
    // Nothing has the first revision, so a watch would wait for ever.
    if (upTo <= 1) return;
    try {
      for await (const events of eventsBetween(this.#client, after, upTo)) {
        yield events
          .filter((event) => isOurs(event) && event.kv.key.toString().startsWith(prefix))
          .map(changeOf);
      }
    } catch (error) {
      throw readFailure(error, this.#client.where);
    }
  }

  async history(key: string, limit: HistoryLimit): Promise<readonly PastChange[]> {
    try {
      const changes = new NewestChanges(limit);
      return await readHistory(this.#client, { key, changes, clock: this.#clock });
    } catch (error) {
      throw readFailure(error, this.#client.where);
    }
  }

  async revisionAt(timeMs: number): Promise<number> {
    return this.#clock.revisionAt(timeMs, await this.currentRevision());
  }

  async currentRevision(): Promise<number> {
    const request = { key: Buffer.from(clockKey), count_only: true };
    return (await this.#range(request, undefined)).header.revision;
  }

  async compact(revision: number): Promise<void> {
    try {
      await this.#client.compact(revision);
      this.#oldest = Math.max(this.#oldest, revision);
    } catch (error) {
      if (!isCompacted(error)) throw readFailure(error, this.#client.where);
    }
  }

  backup(path: string): Promise<Backup> {
    return copyToFile(this, path);
  }

  async openSession({ timeToLiveSeconds }: SessionOptions): Promise<Session> {
    const session = await openLeaseSession(this.#client, timeToLiveSeconds);
    this.#sessions.add(session);
    session.ended.addEventListener('abort', () => this.#sessions.delete(session));
    return session;
  }

  async size(): Promise<DriverSize> {
    const { dbSizeInUse } = await this.#client.status();
    return { oldestRevision: this.#oldest, databaseBytes: dbSizeInUse };
  }

  /** A page that is larger than a message may be is asked for again with fewer entries. */
  async #rangeInSize(range: Range): Promise<RangeResponse> {
    for (let limit = Math.min(range.limit, limits.storePageEntries); ; limit = limit >>> 2 || 1) {
      try {
        return await this.#range({ ...rangeOf(range), limit }, range.revision);
      } catch (error) {
        if (limit === 1 || !isTooLarge(error)) throw error;
      }
    }
  }

  /** etcd does not say what it has compacted; the first revision it reads at is the oldest. */
  async #findOldest(newest?: number): Promise<number> {
    if (await this.#isReadable(1)) return 0;
    let [low, high] = [1, newest ?? (await this.currentRevision())];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (await this.#isReadable(middle)) high = middle;
      else low = middle;
    }
    return high;
  }

  async #isReadable(revision: number): Promise<boolean> {
    try {
      await this.#client.range({ key: Buffer.from(clockKey), revision, count_only: true });
      return true;
    } catch (error) {
      if (isCompacted(error)) return false;
      throw error;
    }
  }

  async #range(request: RangeRequest, revision: number | undefined): Promise<RangeResponse> {
    try {
      return await this.#client.range({ ...request, revision: revision ?? 0 });
    } catch (error) {
      if (isTooLarge(error)) throw error;
      if (!isCompacted(error)) throw readFailure(error, this.#client.where);
      this.#oldest = await this.#findOldest();
      throw new CompactedError(revision ?? 0, this.#oldest);
    }
  }
}

function rangeOf({ prefix, after }: Range): RangeRequest {
  const first = after !== undefined && compareKeys(after, prefix) > 0 ? `${after}\0` : prefix;
  return { key: Buffer.from(first), range_end: Buffer.from(endOfPrefix(prefix)) };
}
