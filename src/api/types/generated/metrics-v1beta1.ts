/** metrics.v1beta1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as metaV1 from './meta-v1.ts';

export type NodeMetrics = {
  readonly kind?: 'NodeMetrics';
  readonly apiVersion?: 'metrics.k8s.io/v1beta1';
  readonly metadata: metaV1.ObjectMeta;
  readonly timestamp?: string | undefined;
  readonly window?: string | undefined;
  readonly usage?: Readonly<Record<string, string>> | undefined;
};

export type PodMetrics = {
  readonly kind?: 'PodMetrics';
  readonly apiVersion?: 'metrics.k8s.io/v1beta1';
  readonly metadata: metaV1.ObjectMeta;
  readonly timestamp?: string | undefined;
  readonly window?: string | undefined;
  readonly containers?: readonly ContainerMetrics[] | undefined;
};

export type ContainerMetrics = {
  readonly name?: string | undefined;
  readonly usage?: Readonly<Record<string, string>> | undefined;
};
