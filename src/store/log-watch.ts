import { limits } from '../base/limits.ts';
import type { Driver } from './driver.ts';
import { CompactedError, futureRevision, SlowReaderError } from './error.ts';
import { sizeOf } from './recent-changes.ts';
import type { Change, Watch, WatchOptions } from './store.ts';
import type { Follower, WatchHub } from './watch-hub.ts';

/** Recent changes looked through in one go. */
const recentStride = 1_000;

/**
 * A watch goes through three stages, all at its reader's pace but the last: it reads what is old
 * from the database, then what is recent from memory, and when it has caught up the hub tells it of
 * each change. Only that last stage needs a queue, and a full one ends the watch.
 */
export class LogWatch implements Watch, Follower {
  readonly prefix: string;
  readonly #hub: WatchHub;
  readonly #source: Source;
  readonly #signal: AbortSignal | undefined;
  /** Handed out up to here; while following, up to what is in the queue. */
  #seen: number;
  #following = false;
  #backlog: Change[] = [];
  #backlogBytes = 0;
  #ended: { reason?: Error } | undefined;
  #wake: (() => void) | undefined;

  constructor(hub: WatchHub, source: Source, target: WatchTarget) {
    this.#hub = hub;
    this.#source = source;
    this.prefix = target.prefix;
    this.#seen = target.after;
    this.#signal = target.signal;
  }

  get revision(): number {
    const isIdle = this.#following && this.#backlog.length === 0 && this.#ended === undefined;
    return isIdle ? this.#hub.head : this.#seen;
  }

  [Symbol.dispose](): void {
    this.#finish({});
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Change[], void> {
    const onAbort = (): void => this[Symbol.dispose]();
    try {
      if (this.#ended !== undefined || this.#signal?.aborted === true) return;
      this.#signal?.addEventListener('abort', onAbort, { once: true });
      this.#hub.open(this);
      await this.#checkStart();
      yield* this.#catchUp();
      yield* this.#follow();
    } finally {
      this.#signal?.removeEventListener('abort', onAbort);
      this[Symbol.dispose]();
    }
  }

  onChange(change: Change): void {
    this.#backlog.push(change);
    this.#backlogBytes += sizeOf(change);
  }

  onProgress(): void {
    const count = this.#backlog.length;
    if (count > limits.storeBacklogChanges || this.#backlogBytes > limits.storeBacklogBytes) {
      const backlog = `${count} changes of ${this.#backlogBytes} bytes`;
      this.#finish({ reason: new SlowReaderError(this.prefix, this.#seen, backlog) });
      return;
    }
    this.#wakeUp();
  }

  onEnd(reason: Error): void {
    this.#finish({ reason });
  }

  async #checkStart(): Promise<void> {
    const { head, oldest } = this.#hub;
    if (this.#seen < oldest) throw new CompactedError(this.#seen, oldest);
    if (this.#seen <= head) return;
    // A list may have come from a database that is ahead of what this process has heard.
    const current = await this.#source.currentRevision();
    if (this.#seen > current) throw futureRevision(this.#seen, current);
    await this.#hub.reached(this.#seen, this.#signal ?? never).catch((reason: unknown) => {
      if (this.#signal?.aborted !== true) throw reason;
    });
  }

  async *#catchUp(): AsyncGenerator<readonly Change[], void> {
    while (this.#isOpen() && this.#seen < this.#hub.head) {
      if (this.#seen < this.#hub.recent.floor) yield* this.#readOld(this.#hub.recent.floor);
      else yield* this.#readRecent();
    }
    // Nothing may happen between the last look at the hub's head and this.
    if (this.#ended !== undefined) return;
    this.#hub.follow(this);
    this.#following = true;
  }

  async *#readOld(upTo: number): AsyncGenerator<readonly Change[], void> {
    const { prefix } = this;
    for await (const changes of this.#source.changes({ prefix, after: this.#seen, upTo })) {
      if (!this.#isOpen()) return;
      this.#seen = changes.at(-1)?.revision ?? this.#seen;
      if (changes.length > 0) yield changes;
      if (!this.#isOpen()) return;
    }
    this.#seen = upTo;
  }

  *#readRecent(): Generator<readonly Change[], void> {
    const recent = this.#hub.recent.after(this.#seen, recentStride);
    this.#seen = recent.at(-1)?.revision ?? this.#hub.head;
    const mine = recent.filter(({ key }) => key.startsWith(this.prefix));
    if (mine.length > 0) yield mine;
  }

  async *#follow(): AsyncGenerator<readonly Change[], void> {
    while (this.#isOpen()) {
      if (this.#backlog.length === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const changes = this.#backlog;
      this.#backlog = [];
      this.#backlogBytes = 0;
      this.#seen = changes.at(-1)?.revision ?? this.#seen;
      yield changes;
    }
  }

  /** False when the watch was closed; throws when there is a reason to tell. */
  #isOpen(): boolean {
    if (this.#ended?.reason !== undefined) throw this.#ended.reason;
    return this.#ended === undefined;
  }

  #finish(end: { reason?: Error }): void {
    if (this.#ended !== undefined) return;
    if (this.#following && this.#backlog.length === 0) this.#seen = this.#hub.head;
    this.#ended = end;
    this.#backlog = [];
    this.#hub.close(this);
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

export type WatchTarget = WatchOptions & { readonly prefix: string };

type Source = Pick<Driver, 'changes' | 'currentRevision'>;

const never = new AbortController().signal;
