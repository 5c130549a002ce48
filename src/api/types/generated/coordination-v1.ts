/** coordination.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as metaV1 from './meta-v1.ts';

export type Lease = {
  readonly kind?: 'Lease';
  readonly apiVersion?: 'coordination.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: LeaseSpec;
};

export type LeaseSpec = {
  readonly holderIdentity?: string | undefined;
  readonly leaseDurationSeconds?: number | undefined;
  readonly acquireTime?: string | undefined;
  readonly renewTime?: string | undefined;
  readonly leaseTransitions?: number | undefined;
  readonly strategy?: string | undefined;
  readonly preferredHolder?: string | undefined;
};
