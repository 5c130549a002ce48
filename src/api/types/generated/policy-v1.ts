/** policy.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as metaV1 from './meta-v1.ts';

export type PodDisruptionBudget = {
  readonly kind?: 'PodDisruptionBudget';
  readonly apiVersion?: 'policy/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: PodDisruptionBudgetSpec;
  readonly status?: PodDisruptionBudgetStatus | undefined;
};

export type Eviction = {
  readonly metadata?: metaV1.ObjectMeta | undefined;
  readonly deleteOptions?: metaV1.DeleteOptions | undefined;
};

export type PodDisruptionBudgetSpec = {
  readonly minAvailable?: number | string | undefined;
  readonly selector?: metaV1.LabelSelector | undefined;
  readonly maxUnavailable?: number | string | undefined;
  readonly unhealthyPodEvictionPolicy?: string | undefined;
};

export type PodDisruptionBudgetStatus = {
  readonly observedGeneration?: number | undefined;
  readonly disruptedPods?: Readonly<Record<string, string>> | undefined;
  readonly disruptionsAllowed?: number | undefined;
  readonly currentHealthy?: number | undefined;
  readonly desiredHealthy?: number | undefined;
  readonly expectedPods?: number | undefined;
  readonly conditions?: readonly metaV1.Condition[] | undefined;
};
