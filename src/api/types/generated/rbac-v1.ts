/** rbac.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as metaV1 from './meta-v1.ts';

export type Role = {
  readonly kind?: 'Role';
  readonly apiVersion?: 'rbac.authorization.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly rules?: readonly PolicyRule[] | undefined;
};

export type ClusterRole = {
  readonly kind?: 'ClusterRole';
  readonly apiVersion?: 'rbac.authorization.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly rules?: readonly PolicyRule[] | undefined;
  readonly aggregationRule?: AggregationRule | undefined;
};

export type RoleBinding = {
  readonly kind?: 'RoleBinding';
  readonly apiVersion?: 'rbac.authorization.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly subjects?: readonly Subject[] | undefined;
  readonly roleRef: RoleRef;
};

export type ClusterRoleBinding = {
  readonly kind?: 'ClusterRoleBinding';
  readonly apiVersion?: 'rbac.authorization.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly subjects?: readonly Subject[] | undefined;
  readonly roleRef: RoleRef;
};

export type PolicyRule = {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[] | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly resourceNames?: readonly string[] | undefined;
  readonly nonResourceURLs?: readonly string[] | undefined;
};

export type AggregationRule = {
  readonly clusterRoleSelectors?: readonly metaV1.LabelSelector[] | undefined;
};

export type Subject = {
  readonly kind: string;
  readonly apiGroup?: string | undefined;
  readonly name: string;
  readonly namespace?: string | undefined;
};

export type RoleRef = {
  readonly apiGroup?: string | undefined;
  readonly kind: string;
  readonly name: string;
};
