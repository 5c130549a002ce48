import { Wakeup } from '../base/wakeup.ts';
import type { PodRecord } from './container/container-record.ts';

/** Something that happened, for `keelson events` and for the CRI's. */
export interface NodeEvent {
  readonly type: 'container' | 'image' | 'pod';
  readonly action: string;
  readonly id: string;
  readonly atMs: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** That it happened to or in. */
  readonly pod?: PodRecord | undefined;
}

const keptEvents = 1024;
const queuedEvents = 4096;

/**
 * Hands events to all who follow, and keeps the last ones for who asks later. A follower that does
 * not read loses its oldest events; nobody waits for it.
 */
export class EventFeed {
  readonly #kept: NodeEvent[] = [];
  readonly #followers = new Set<(event: NodeEvent) => void>();

  publish(event: NodeEvent): void {
    this.#kept.push(event);
    if (this.#kept.length > keptEvents) this.#kept.shift();
    for (const follow of this.#followers) follow(event);
  }

  /** Kept events since `sinceMs`, then new ones until the signal aborts. */
  async *follow(sinceMs: number, signal: AbortSignal): AsyncGenerator<NodeEvent> {
    const queue = this.#kept.filter(({ atMs }) => sinceMs > 0 && atMs >= sinceMs);
    const change = new Wakeup();
    const follower = (event: NodeEvent): void => {
      queue.push(event);
      if (queue.length > queuedEvents) queue.shift();
      change.wake();
    };
    const stop = (): void => change.wake();
    this.#followers.add(follower);
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        const event = queue.shift();
        if (event !== undefined) yield event;
        else await change.wait();
      }
      yield* queue;
    } finally {
      this.#followers.delete(follower);
      signal.removeEventListener('abort', stop);
    }
  }
}
