/** networking.v1beta1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as coreV1 from './core-v1.ts';
import type * as metaV1 from './meta-v1.ts';
import type * as networkingV1 from './networking-v1.ts';

export type Ingress = {
  readonly kind?: 'Ingress';
  readonly apiVersion?: 'extensions/v1beta1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: IngressSpec;
  readonly status?: networkingV1.IngressStatus | undefined;
};

export type IngressSpec = {
  readonly ingressClassName?: string | undefined;
  readonly backend?: IngressBackend | undefined;
  readonly tls?: readonly networkingV1.IngressTLS[] | undefined;
  readonly rules?: readonly IngressRule[] | undefined;
};

export type IngressBackend = {
  readonly serviceName?: string | undefined;
  readonly servicePort?: number | string | undefined;
  readonly resource?: coreV1.TypedLocalObjectReference | undefined;
};

export type IngressRule = {
  readonly host?: string | undefined;
  readonly http?: HTTPIngressRuleValue | undefined;
};

export type IngressRuleValue = {
  readonly http?: HTTPIngressRuleValue | undefined;
};

export type HTTPIngressRuleValue = {
  readonly paths: readonly HTTPIngressPath[];
};

export type HTTPIngressPath = {
  readonly path?: string | undefined;
  readonly pathType?: string | undefined;
  readonly backend: IngressBackend;
};
