import { type JsonObject, objectIn, textOf } from '../api/json.ts';
import { findKind } from '../api/kinds.ts';
import { isDomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { CompactedError, ConflictError } from '../store/error.ts';
import type { Entry } from '../store/store.ts';
import type { Api } from './api.ts';
import { decodeObject, metadataOf } from './object-text.ts';

/** Removes events that nothing was added to for so long; tells how many. */
export async function expireEvents(api: Api, ageMs: number): Promise<number> {
  const kind = findKind('v1', 'Event');
  if (kind === undefined) return 0;
  const { store } = api.registry;
  const isOld = await agedBy(store, api.now().getTime() - ageMs);
  let removed = 0;
  let at: { readonly revision?: number; readonly after?: string } = {};
  for (;;) {
    const page = await store.list(kind.prefix, at);
    for (const entry of page.entries) {
      if (isOld(entry) && (await remove(store, entry))) removed += 1;
    }
    const after = page.entries.at(-1)?.key;
    if (!page.more || after === undefined) return removed;
    at = { revision: page.revision, after };
  }
}

/** Goes on until the signal; what fails is tried again the next time. */
export function keepEventsShort(api: Api, signal: AbortSignal): void {
  const timer = setInterval(() => {
    expireEvents(api, limits.apiEventMs).catch(() => undefined);
  }, limits.apiEventSweepMs);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/** By the store's own clock, or by what the events say where its memory is shorter than that. */
async function agedBy(
  store: Api['registry']['store'],
  sinceMs: number,
): Promise<(entry: Entry) => boolean> {
  try {
    const revision = await store.revisionAt(sinceMs);
    return (entry) => entry.revision <= revision;
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    return (entry) => lastSeenMs(decodeObject(entry)) < sinceMs;
  }
}

function lastSeenMs(event: JsonObject): number {
  const times = [
    objectIn(event, 'series')['lastObservedTime'],
    event['lastTimestamp'],
    event['eventTime'],
    metadataOf(event)['creationTimestamp'],
  ];
  return Math.max(0, ...times.map((time) => Date.parse(textOf(time)) || 0));
}

/** False for one that was counted up meanwhile, or is gone. */
async function remove(store: Api['registry']['store'], { key, revision }: Entry): Promise<boolean> {
  try {
    await store.delete(key, { expected: revision });
    return true;
  } catch (error) {
    if (error instanceof ConflictError || isDomainError(error, 'notFound')) return false;
    throw error;
  }
}
