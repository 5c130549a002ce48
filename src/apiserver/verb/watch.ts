import { randomInt } from 'node:crypto';
import type { Kind } from '../../api/kind.ts';
import { storedKind } from '../../api/kinds.ts';
import { ApiError, expired } from '../../api/status.ts';
import { messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { CompactedError, SlowReaderError } from '../../store/error.ts';
import type { Api } from '../api.ts';
import type { Change, Watch } from '../../store/store.ts';
import { decodeObject } from '../object-text.ts';
import { prefixOf } from '../registry.ts';
import { isSelected, type Selection } from '../selection.ts';
import { toldEvent, type WatchEvent } from '../watch-event.ts';
import { listObjects, tooLarge } from './list.ts';

export interface WatchRequest {
  readonly kind: Kind;
  readonly namespace: string;
  readonly selection: Selection;
  /** Undefined starts with all there is. */
  readonly after: number | undefined;
  /** The state first, then a bookmark that says so: a list and a watch in one. */
  readonly sendInitialEvents: boolean;
  readonly bookmarks: boolean;
  /** 0 for the server's own. */
  readonly timeoutSeconds: number;
  /**
   * Tells all changes after a revision together with other watches, and resolves with how far it
   * came when it is time to look again; undefined when this watch has to read on its own.
   */
  readonly share?: (after: number, signal: AbortSignal) => Promise<number> | undefined;
}

/** The events of a collection, in batches as they come. Ends by its time or the signal. */
export async function* watchObjects(
  api: Api,
  request: WatchRequest,
  signal: AbortSignal,
): AsyncGenerator<readonly WatchEvent[]> {
  const ending = AbortSignal.any([signal, AbortSignal.timeout(durationOf(request))]);
  let after = request.after;
  if (after === undefined || request.sendInitialEvents) {
    const initial = await initialEvents(api, request);
    yield initial.events;
    after = initial.revision;
  } else if (after > api.registry.store.revision) {
    throw tooLarge(after, api.registry.store.revision);
  }
  // Clients wait for the answer to begin before they look at what they know already.
  yield [];
  const prefix = prefixOf(storedKind(request.kind), request.namespace);
  for (let at: number | undefined = after; at !== undefined;) {
    const shared = request.share?.(at, ending);
    if (shared === undefined) {
      using watch = api.registry.store.watch(prefix, { after: at, signal: ending });
      at = yield* followOrFail(watch, request);
      continue;
    }
    at = await shared;
    if (!ending.aborted) continue;
    if (request.bookmarks) yield [{ type: 'BOOKMARK', revision: at, initialEnd: false }];
    return;
  }
}

/** Watches of one client do not all end in the same moment. */
function durationOf({ timeoutSeconds }: WatchRequest): number {
  if (timeoutSeconds > 0) return timeoutSeconds * 1000;
  return randomInt(limits.apiWatchMs / 2, limits.apiWatchMs);
}

async function initialEvents(
  api: Api,
  { kind, namespace, selection, after, sendInitialEvents, bookmarks }: WatchRequest,
): Promise<{ events: WatchEvent[]; revision: number }> {
  const whole = { limit: 0, continuation: undefined, match: '' } as const;
  const listed = await listObjects(api, {
    kind,
    namespace,
    selection,
    ...whole,
    revision: after ?? 0,
  });
  const events: WatchEvent[] = listed.entries.map((entry) => ({ type: 'ADDED', entry }));
  if (sendInitialEvents && bookmarks) {
    events.push({ type: 'BOOKMARK', revision: listed.revision, initialEnd: true });
  }
  return { events, revision: listed.revision };
}

/** Returns from where on to look again; undefined when the watch is over. */
async function* followOrFail(
  watch: Watch,
  request: WatchRequest,
): AsyncGenerator<readonly WatchEvent[], number | undefined> {
  try {
    return yield* follow(watch, request);
  } catch (error) {
    yield [{ type: 'ERROR', status: failureOf(error).toStatus() }];
    return undefined;
  }
}

async function* follow(
  watch: Watch,
  { selection, bookmarks, share }: WatchRequest,
): AsyncGenerator<readonly WatchEvent[], number | undefined> {
  const changes = watch[Symbol.asyncIterator]();
  // Asked for late: what came while the client took the last is then one batch.
  let next: ReturnType<typeof changes.next> | undefined;
  for (;;) {
    next ??= changes.next();
    const result = await within(next, limits.apiBookmarkMs);
    if (result === undefined) {
      if (bookmarks) yield [{ type: 'BOOKMARK', revision: watch.revision, initialEnd: false }];
      continue;
    }
    if (result.done === true) break;
    next = undefined;
    const events = result.value.flatMap((change) => eventOf(change, selection));
    if (events.length > 0) yield events;
    if (share !== undefined) return result.value.at(-1)?.revision;
  }
  // Where it ended, the client goes on.
  if (bookmarks) yield [{ type: 'BOOKMARK', revision: watch.revision, initialEnd: false }];
  return undefined;
}

/** Undefined when the time is up first. */
async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A change as somebody sees it who knows only what is selected. */
function eventOf(change: Change, selection: Selection): WatchEvent[] {
  const { type } = toldEvent(change);
  if (selection.all) return [{ type, entry: change }];
  const now = isSelected(selection, decodeObject(change));
  if (change.deleted || change.previous === undefined) return now ? [{ type, entry: change }] : [];
  const previous = { ...change, value: change.previous };
  const before = isSelected(selection, decodeObject(previous));
  if (now) return [{ type: before ? 'MODIFIED' : 'ADDED', entry: change }];
  return before ? [{ type: 'DELETED', entry: previous }] : [];
}

function failureOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof CompactedError) {
    return expired(`too old resource version: ${error.message}`);
  }
  if (error instanceof SlowReaderError) return expired('the watch did not keep up');
  return new ApiError('InternalError', messageOf(error));
}
