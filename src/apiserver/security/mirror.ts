import type { JsonObject } from '../../api/json.ts';
import type { Kind } from '../../api/kind.ts';
import { messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import type { Store } from '../../store/store.ts';
import { decodeObject } from '../object-text.ts';

export interface MirrorOptions {
  readonly store: Store;
  readonly kind: Kind;
  readonly log: Pick<Logger, 'warn'>;
  readonly signal: AbortSignal;
  /** Told of each object that is there, and with undefined of one that is gone. */
  readonly changed: (key: string, object: JsonObject | undefined) => void;
}

const retryMs = 1000;

/**
 * Follows the objects of a kind in the store. Resolves when what was there has been told; goes on
 * by itself until the signal. Keys are the store's.
 */
export async function mirror(options: MirrorOptions): Promise<void> {
  const known = new Set<string>();
  const revision = await tellAll(options, known);
  void keepFollowing(options, known, revision);
}

async function keepFollowing(
  options: MirrorOptions,
  known: Set<string>,
  revision: number,
): Promise<void> {
  const { signal, log, kind } = options;
  let after = revision;
  while (!signal.aborted) {
    try {
      await follow(options, known, after);
      if (signal.aborted) return;
      after = await tellAll(options, known);
    } catch (error) {
      if (signal.aborted) return;
      log.warn(`following ${kind.plural}: ${messageOf(error)}`);
      await new Promise((resolve) => {
        setTimeout(resolve, retryMs).unref();
      });
      // What went missing meanwhile is found by looking at all of it.
      after = await tellAll(options, known).catch(() => after);
    }
  }
}

async function tellAll(
  { store, kind, changed }: MirrorOptions,
  known: Set<string>,
): Promise<number> {
  const seen = new Set<string>();
  let page = await store.list(kind.prefix);
  const { revision } = page;
  for (;;) {
    for (const entry of page.entries) {
      seen.add(entry.key);
      known.add(entry.key);
      changed(entry.key, decodeObject(entry));
    }
    const last = page.entries.at(-1)?.key;
    if (!page.more || last === undefined) break;
    page = await store.list(kind.prefix, { revision, after: last });
  }
  for (const key of known) {
    if (seen.has(key)) continue;
    known.delete(key);
    changed(key, undefined);
  }
  return revision;
}

async function follow(
  { store, kind, changed, signal }: MirrorOptions,
  known: Set<string>,
  after: number,
): Promise<void> {
  using watch = store.watch(kind.prefix, { after, signal });
  for await (const changes of watch) {
    for (const change of changes) {
      if (change.deleted) known.delete(change.key);
      else known.add(change.key);
      changed(change.key, change.deleted ? undefined : decodeObject(change));
    }
  }
}
