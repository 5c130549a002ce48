/** events.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as coreV1 from './core-v1.ts';
import type * as metaV1 from './meta-v1.ts';

export type Event = {
  readonly kind?: 'Event';
  readonly apiVersion?: 'events.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly eventTime: string;
  readonly series?: EventSeries | undefined;
  readonly reportingController?: string | undefined;
  readonly reportingInstance?: string | undefined;
  readonly action?: string | undefined;
  readonly reason?: string | undefined;
  readonly regarding?: coreV1.ObjectReference | undefined;
  readonly related?: coreV1.ObjectReference | undefined;
  readonly note?: string | undefined;
  readonly type?: string | undefined;
  readonly deprecatedSource?: coreV1.EventSource | undefined;
  readonly deprecatedFirstTimestamp?: string | undefined;
  readonly deprecatedLastTimestamp?: string | undefined;
  readonly deprecatedCount?: number | undefined;
};

export type EventSeries = {
  readonly count: number;
  readonly lastObservedTime: string;
};
