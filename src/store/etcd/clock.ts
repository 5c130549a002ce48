import { Buffer } from 'node:buffer';
import { CompactedError } from '../error.ts';
import type { EtcdClient } from './client.ts';
import { clockKey } from './convert.ts';
import { isCompacted } from './failure.ts';
import type { RequestOp } from './protocol.ts';

/** How exact times are; a mark rides along with a write and is never one of its own. */
const resolutionMs = 1_000;

/**
 * etcd knows no times, so a write that comes a second after the last mark also puts the time into a
 * key. That key's value at a revision is about when the revision was made.
 */
export class Clock {
  #lastMs = 0;
  readonly #client: EtcdClient;

  constructor(client: EtcdClient) {
    this.#client = client;
  }

  /** Another process, whose clock may be ahead, has marked the time. */
  hear(value: Uint8Array): void {
    this.#lastMs = Math.max(this.#lastMs, timeOf(value));
  }

  /** What to add to a write now: nothing most of the time. */
  mark(): readonly RequestOp[] {
    const now = Date.now();
    if (now < this.#lastMs + resolutionMs) return [];
    this.#lastMs = now;
    return [{ request_put: { key: Buffer.from(clockKey), value: Buffer.from(`${now}`) } }];
  }

  /** The time of a revision; undefined when there was no mark yet or it is compacted. */
  async at(revision: number): Promise<number | undefined> {
    const found = await this.#look(revision);
    return found === 'compacted' ? undefined : found;
  }

  /** Times grow with revisions, so halving finds the last revision up to a time. */
  async revisionAt(timeMs: number, head: number): Promise<number> {
    let [low, high] = [0, head + 1];
    let found: number | undefined;
    let oldest = 0;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      const markedMs = await this.#look(middle);
      if (markedMs === 'compacted') oldest = low = middle;
      else if ((markedMs ?? 0) <= timeMs) found = low = middle;
      else high = middle;
    }
    if (found === undefined) throw new CompactedError(low, oldest + 1);
    return found;
  }

  async #look(revision: number): Promise<number | undefined | 'compacted'> {
    try {
      const { kvs } = await this.#client.range({ key: Buffer.from(clockKey), revision });
      return kvs[0] === undefined ? undefined : timeOf(kvs[0].value);
    } catch (error) {
      if (isCompacted(error)) return 'compacted';
      throw error;
    }
  }
}

function timeOf(value: Uint8Array): number {
  const time = Number(Buffer.from(value).toString('latin1'));
  return Number.isSafeInteger(time) ? time : 0;
}
