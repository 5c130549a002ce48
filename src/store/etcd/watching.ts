import { DomainError } from '../../base/error.ts';
import { CompactedError } from '../error.ts';
import type { EtcdClient } from './client.ts';
import { everything } from './convert.ts';
import type { Event, WatchResponse, WatchStream } from './protocol.ts';

export interface WatchRange {
  readonly key: Uint8Array;
  readonly range_end: Uint8Array;
}

/** Events of whole revisions; `head` is the newest revision among them. */
export interface EventBatch {
  readonly events: readonly Event[];
  readonly head: number;
}

/**
 * Opens a watch for what came after a revision. etcd is asked from the revision itself, and what it
 * holds is dropped here: asked from the one after, etcd would not notice that a deletion at exactly
 * its compacted revision is missing.
 */
export function startWatch(client: EtcdClient, after: number, range?: WatchRange): WatchStream {
  const stream = client.openWatch();
  const start_revision = Math.max(after, 1);
  const request = { ...(range ?? everything), start_revision, prev_kv: true, fragment: true };
  stream.write({ create_request: request });
  return stream;
}

/** Puts the fragments of large answers together and leaves out what came before. */
export class EventAssembly {
  #fragments: Event[] = [];
  readonly #after: number;

  constructor(after: number) {
    this.#after = after;
  }

  /** Undefined while an answer is incomplete. Throws {@link CompactedError}. */
  add(response: WatchResponse): EventBatch | undefined {
    if (response.canceled) {
      const oldest = response.compact_revision;
      if (oldest > 0) throw new CompactedError(this.#after, oldest);
      throw new DomainError('unavailable', `etcd ended a watch: ${response.cancel_reason}`);
    }
    this.#fragments.push(...response.events);
    if (response.fragment) return undefined;
    const events = this.#fragments.filter(({ kv }) => kv.mod_revision > this.#after);
    this.#fragments = [];
    return { events, head: events.at(-1)?.kv.mod_revision ?? this.#after };
  }
}

/**
 * The events after a revision up to another, at which there must be one. Read as fast as they are
 * taken: gRPC's flow control holds the rest back.
 */
export async function* eventsBetween(
  client: EtcdClient,
  after: number,
  upTo: number,
): AsyncGenerator<readonly Event[], void> {
  const stream = startWatch(client, after);
  const assembly = new EventAssembly(after);
  try {
    for await (const response of stream) {
      const batch = assembly.add(response as WatchResponse);
      if (batch === undefined) continue;
      yield batch.events.filter(({ kv }) => kv.mod_revision <= upTo);
      if (batch.head >= upTo) return;
    }
    throw new DomainError('unavailable', 'etcd ended a watch without a reason');
  } finally {
    stream.cancel();
    stream.on('error', () => {});
  }
}
