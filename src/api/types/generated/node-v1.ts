/** node.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as coreV1 from './core-v1.ts';
import type * as metaV1 from './meta-v1.ts';

export type RuntimeClass = {
  readonly kind?: 'RuntimeClass';
  readonly apiVersion?: 'node.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly handler: string;
  readonly overhead?: Overhead | undefined;
  readonly scheduling?: Scheduling | undefined;
};

export type Overhead = {
  readonly podFixed?: Readonly<Record<string, string>> | undefined;
};

export type Scheduling = {
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined;
  readonly tolerations?: readonly coreV1.Toleration[] | undefined;
};
