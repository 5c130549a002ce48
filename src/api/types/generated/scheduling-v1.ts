/** scheduling.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as metaV1 from './meta-v1.ts';

export type PriorityClass = {
  readonly kind?: 'PriorityClass';
  readonly apiVersion?: 'scheduling.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly value?: number | undefined;
  readonly globalDefault?: boolean | undefined;
  readonly description?: string | undefined;
  readonly preemptionPolicy?: string | undefined;
};
