/** certificates.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as metaV1 from './meta-v1.ts';

export type CertificateSigningRequest = {
  readonly kind?: 'CertificateSigningRequest';
  readonly apiVersion?: 'certificates.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: CertificateSigningRequestSpec;
  readonly status?: CertificateSigningRequestStatus | undefined;
};

export type CertificateSigningRequestSpec = {
  readonly request: string;
  readonly signerName: string;
  readonly expirationSeconds?: number | undefined;
  readonly usages?: readonly string[] | undefined;
  readonly username?: string | undefined;
  readonly uid?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
};

export type CertificateSigningRequestStatus = {
  readonly conditions?: readonly CertificateSigningRequestCondition[] | undefined;
  readonly certificate?: string | undefined;
};

export type CertificateSigningRequestCondition = {
  readonly type: string;
  readonly status: string;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly lastUpdateTime?: string | undefined;
  readonly lastTransitionTime?: string | undefined;
};
