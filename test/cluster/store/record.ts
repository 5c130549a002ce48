/** What clients and watches of a run saw. Times are of one monotonic clock, in milliseconds. */
export interface History {
  readonly writes: WriteRecord[];
  readonly reads: ReadRecord[];
  readonly watches: WatchRecord[];
}

/** Every write has a value (for a deletion: none) that no other write has. */
export interface WriteRecord {
  readonly kind: 'create' | 'update' | 'delete';
  readonly key: string;
  readonly value: string;
  readonly expected?: number;
  readonly startMs: number;
  readonly endMs: number;
  /** `unknown`: nobody can say whether it happened. `refused`: by a rule; `failed`: by a fault. */
  readonly result: 'done' | 'refused' | 'failed' | 'unknown';
  readonly revision?: number;
  /** Why it failed or is unknown. */
  readonly reason?: string;
}

export interface SeenEntry {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
  readonly created: number;
}

/** A get, or a list of a prefix put together from all its pages, read at one revision. */
export interface ReadRecord {
  readonly key?: string;
  readonly prefix?: string;
  readonly startMs: number;
  readonly revision: number;
  /** An old revision was asked for, so what is newer may be missing. */
  readonly isPast: boolean;
  readonly entries: readonly SeenEntry[];
}

export interface SeenChange extends SeenEntry {
  readonly deleted: boolean;
  readonly previous?: string;
}

/** One watch from its start to its end; one that goes on after a failure is another. */
export interface WatchRecord {
  readonly prefix: string;
  readonly after: number;
  readonly steps: WatchStep[];
}

/** Changes in the order they came, and what the watch said of how far it was. */
export type WatchStep = { change: SeenChange } | { progress: number };
