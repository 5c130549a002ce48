/** authentication.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as metaV1 from './meta-v1.ts';

export type TokenReview = {
  readonly kind?: 'TokenReview';
  readonly apiVersion?: 'authentication.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: TokenReviewSpec;
  readonly status?: TokenReviewStatus | undefined;
};

export type TokenRequest = {
  readonly metadata?: metaV1.ObjectMeta | undefined;
  readonly spec?: TokenRequestSpec | undefined;
  readonly status?: TokenRequestStatus | undefined;
};

export type SelfSubjectReview = {
  readonly kind?: 'SelfSubjectReview';
  readonly apiVersion?: 'authentication.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly status?: SelfSubjectReviewStatus | undefined;
};

export type TokenReviewSpec = {
  readonly token: string;
  readonly audiences?: readonly string[] | undefined;
};

export type TokenReviewStatus = {
  readonly authenticated?: boolean | undefined;
  readonly user?: UserInfo | undefined;
  readonly audiences?: readonly string[] | undefined;
  readonly error?: string | undefined;
};

export type TokenRequestSpec = {
  readonly audiences?: readonly string[] | undefined;
  readonly expirationSeconds?: number | undefined;
  readonly boundObjectRef?: BoundObjectReference | undefined;
};

export type TokenRequestStatus = {
  readonly token?: string | undefined;
  readonly expirationTimestamp?: string | undefined;
};

export type SelfSubjectReviewStatus = {
  readonly userInfo?: UserInfo | undefined;
};

export type UserInfo = {
  readonly username?: string | undefined;
  readonly uid?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
};

export type BoundObjectReference = {
  readonly kind?: string | undefined;
  readonly apiVersion?: string | undefined;
  readonly name?: string | undefined;
};
