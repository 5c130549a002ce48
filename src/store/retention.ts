import { messageOf } from '../base/error.ts';
import type { Logger } from '../base/log.ts';
import { CompactedError } from './error.ts';
import type { Store } from './store.ts';

export interface RetentionOptions {
  /** Older history goes. */
  readonly ageMs: number;
  /** More history goes too, the oldest first; on etcd the whole database counts. */
  readonly bytes: number;
  readonly log: Pick<Logger, 'warn'>;
  readonly intervalMs?: number;
}

/** Watches that lost their connection want to go on, however small the bounds are. */
const keptAtLeastMs = 5 * 60_000;
/** What goes at a time while there is too much: a fourth of the revisions. */
const fraction = 4;

/** Keeps history for days within bounds; writes nothing when there is nothing to forget. */
export function keepHistoryBounded(store: Store, options: RetentionOptions): Disposable {
  let isRunning = false;
  const timer = setInterval(() => {
    if (isRunning) return;
    isRunning = true;
    void boundHistory(store, options)
      .catch((error: unknown) => {
        options.log.warn(`Cannot forget old history: ${messageOf(error)}`);
      })
      .finally(() => {
        isRunning = false;
      });
  }, options.intervalMs ?? 60_000);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Does it once; `keptMs` is the least age at which history may go. */
export async function boundHistory(
  store: Store,
  { ageMs, bytes }: Pick<RetentionOptions, 'ageMs' | 'bytes'>,
  keptMs = keptAtLeastMs,
): Promise<void> {
  await compactTo(store, await newestOlderThan(store, ageMs));
  const last = await newestOlderThan(store, keptMs);
  for (;;) {
    const { revision, oldestRevision, databaseBytes, historyBytes } = await store.statistics();
    if ((historyBytes ?? databaseBytes) <= bytes || oldestRevision >= last) return;
    const step = Math.ceil((revision - oldestRevision) / fraction);
    await compactTo(store, Math.min(oldestRevision + step, last));
  }
}

async function compactTo(store: Store, revision: number): Promise<void> {
  const { oldestRevision } = await store.statistics();
  if (revision > oldestRevision) await store.compact(revision);
}

async function newestOlderThan(store: Store, ageMs: number): Promise<number> {
  try {
    return await store.revisionAt(Date.now() - ageMs);
  } catch (error) {
    // All that is kept is younger.
    if (error instanceof CompactedError) return 0;
    throw error;
  }
}
