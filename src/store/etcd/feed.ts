import { DomainError } from '../../base/error.ts';
import { CompactedError } from '../error.ts';
import type { EtcdClient } from './client.ts';
import { clockKey } from './convert.ts';
import type { Event, WatchResponse, WatchStream } from './protocol.ts';
import { EventAssembly, startWatch } from './watching.ts';

export interface FeedEvents {
  onEvents(events: readonly Event[], head: number): void;
  onGap(oldestRevision: number): void;
  onFailure(reason: Error): void;
}

const firstDelayMs = 100;
const lastDelayMs = 3_000;

/**
 * The one watch of everything that all watches of this process share. When its connection breaks it
 * goes on, at the next member, after the last revision it has passed on.
 */
export class Feed implements Disposable {
  head: number;
  readonly #client: EtcdClient;
  readonly #events: FeedEvents;
  #stream: WatchStream | undefined;
  #retry: NodeJS.Timeout | undefined;
  #delayMs = firstDelayMs;
  #closed = false;

  constructor(client: EtcdClient, head: number, events: FeedEvents) {
    this.#client = client;
    this.head = head;
    this.#events = events;
    this.#connect();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#stream?.cancel();
  }

  #connect(): void {
    const stream = startWatch(this.#client, this.head);
    const assembly = { present: new EventAssembly(this.head) };
    this.#stream = stream;
    let isOver = false;
    const again = (error?: unknown): void => {
      if (isOver) return;
      isOver = true;
      stream.cancel();
      this.#onBreak(error);
    };
    stream.on('data', (response: WatchResponse) => {
      if (isOver) return;
      if (response.created) this.#checkDirection(response.header.revision).catch(again);
      try {
        this.#receive(response, assembly);
      } catch (error) {
        again(error);
      }
    });
    stream.on('error', again);
    stream.on('end', again);
  }

  #receive(response: WatchResponse, assembly: { present: EventAssembly }): void {
    this.#delayMs = firstDelayMs;
    const batch = assembly.present.add(response);
    if (batch === undefined || batch.head <= this.head) return;
    this.head = batch.head;
    assembly.present = new EventAssembly(this.head);
    this.#events.onEvents(batch.events, batch.head);
  }

  /**
   * A cluster restored from a backup forgets revisions that its readers have seen. One member may
   * only be behind the others, as after an election: what all agree on decides.
   */
  async #checkDirection(told: number): Promise<void> {
    const { head } = this;
    if (told >= head) return;
    const request = { key: Buffer.from(clockKey), count_only: true };
    const { revision } = (await this.#client.range(request)).header;
    if (revision >= head || this.#closed) return;
    const words = `from revision ${head} to ${revision}: was it restored?`;
    this.#closed = true;
    this.#stream?.cancel();
    const reason = new DomainError(
      'unavailable',
      `etcd at ${this.#client.where} went back ${words}`,
    );
    this.#events.onFailure(reason);
  }

  #onBreak(error: unknown): void {
    if (this.#closed) return;
    if (error instanceof CompactedError) {
      this.head = error.oldestRevision;
      this.#events.onGap(error.oldestRevision);
    }
    this.#client.turnToNext();
    this.#retry = setTimeout(() => this.#connect(), this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, lastDelayMs);
  }
}
