/** authorization.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as metaV1 from './meta-v1.ts';

export type SubjectAccessReview = {
  readonly kind?: 'SubjectAccessReview';
  readonly apiVersion?: 'authorization.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: SubjectAccessReviewSpec;
  readonly status?: SubjectAccessReviewStatus | undefined;
};

export type SelfSubjectAccessReview = {
  readonly kind?: 'SelfSubjectAccessReview';
  readonly apiVersion?: 'authorization.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: SelfSubjectAccessReviewSpec;
  readonly status?: SubjectAccessReviewStatus | undefined;
};

export type LocalSubjectAccessReview = {
  readonly kind?: 'LocalSubjectAccessReview';
  readonly apiVersion?: 'authorization.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: SubjectAccessReviewSpec;
  readonly status?: SubjectAccessReviewStatus | undefined;
};

export type SelfSubjectRulesReview = {
  readonly kind?: 'SelfSubjectRulesReview';
  readonly apiVersion?: 'authorization.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: SelfSubjectRulesReviewSpec;
  readonly status?: SubjectRulesReviewStatus | undefined;
};

export type SubjectAccessReviewSpec = {
  readonly resourceAttributes?: ResourceAttributes | undefined;
  readonly nonResourceAttributes?: NonResourceAttributes | undefined;
  readonly user?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly uid?: string | undefined;
};

export type SubjectAccessReviewStatus = {
  readonly allowed: boolean;
  readonly denied?: boolean | undefined;
  readonly reason?: string | undefined;
  readonly evaluationError?: string | undefined;
};

export type SelfSubjectAccessReviewSpec = {
  readonly resourceAttributes?: ResourceAttributes | undefined;
  readonly nonResourceAttributes?: NonResourceAttributes | undefined;
};

export type SelfSubjectRulesReviewSpec = {
  readonly namespace?: string | undefined;
};

export type SubjectRulesReviewStatus = {
  readonly resourceRules: readonly ResourceRule[];
  readonly nonResourceRules: readonly NonResourceRule[];
  readonly incomplete: boolean;
  readonly evaluationError?: string | undefined;
};

export type ResourceAttributes = {
  readonly namespace?: string | undefined;
  readonly verb?: string | undefined;
  readonly group?: string | undefined;
  readonly version?: string | undefined;
  readonly resource?: string | undefined;
  readonly subresource?: string | undefined;
  readonly name?: string | undefined;
  readonly fieldSelector?: FieldSelectorAttributes | undefined;
  readonly labelSelector?: LabelSelectorAttributes | undefined;
};

export type NonResourceAttributes = {
  readonly path?: string | undefined;
  readonly verb?: string | undefined;
};

export type ResourceRule = {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[] | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly resourceNames?: readonly string[] | undefined;
};

export type NonResourceRule = {
  readonly verbs: readonly string[];
  readonly nonResourceURLs?: readonly string[] | undefined;
};

export type FieldSelectorAttributes = {
  readonly rawSelector?: string | undefined;
  readonly requirements?: readonly metaV1.FieldSelectorRequirement[] | undefined;
};

export type LabelSelectorAttributes = {
  readonly rawSelector?: string | undefined;
  readonly requirements?: readonly metaV1.LabelSelectorRequirement[] | undefined;
};
