import type { Stored } from '../../api/client/client.ts';
import type { ApiObject } from '../../api/client/resources.ts';
import type { Resource } from '../../api/client/resources.ts';
import type { SharedInformers } from '../../api/client/shared-informers.ts';
import type { Clock } from '../../base/clock.ts';
import type { Explanations } from '../explain/explanations.ts';

/** Tells what happened to an object, for `kubectl describe`; never waits and never throws. */
export interface EventSink {
  tell<T extends ApiObject>(resource: Resource<T>, about: Stored<T>, happening: Happening): void;
}

interface Happening {
  readonly source: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export interface SchedulerOptions {
  readonly clock?: Clock;
  /** Ends the scheduler; bindings under way are finished. */
  readonly signal: AbortSignal;
  readonly events?: EventSink;
  /** Caches that somebody else in the process runs; of its own unless given. */
  readonly informers?: SharedInformers;
  /** Told of failures; what failed is tried again. */
  readonly onError?: (what: string, error: unknown) => void;
  /** Whose pods these are: `spec.schedulerName`. */
  readonly schedulerName?: string;
  /** 1 to 100; 0 looks at fewer nodes the more there are. */
  readonly percentageOfNodesToScore?: number;
  /** The same seed makes the same choices among equally good nodes. */
  readonly seed?: number;
  /** Where decisions are kept for those who ask. */
  readonly explanations?: Explanations;
}
