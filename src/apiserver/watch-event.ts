import type { JsonObject } from '../api/json.ts';
import { apiVersionOf, type Kind } from '../api/kind.ts';
import type { Change, Entry } from '../store/store.ts';

/** What a watch tells; `entry` is in its stored form. */
export type WatchEvent =
  | Told
  | { readonly type: 'BOOKMARK'; readonly revision: number; readonly initialEnd: boolean }
  | { readonly type: 'ERROR'; readonly status: JsonObject };

export interface Told {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly entry: Entry;
}

/** A change as somebody sees it who is told all of a collection. */
export function toldEvent(change: Change): Told {
  const type = change.deleted ? 'DELETED' : change.previous === undefined ? 'ADDED' : 'MODIFIED';
  return { type, entry: change };
}

/** What a bookmark carries: an object of the kind with nothing but how far the watch has come. */
export function bookmarkObject(kind: Kind, revision: number, initialEnd: boolean): JsonObject {
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  return {
    kind: kind.kind,
    apiVersion: apiVersionOf(kind),
    metadata: { resourceVersion: String(revision), ...(initialEnd && { annotations }) },
  };
}
