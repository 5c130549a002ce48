/** networking.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as coreV1 from './core-v1.ts';
import type * as metaV1 from './meta-v1.ts';

export type Ingress = {
  readonly kind?: 'Ingress';
  readonly apiVersion?: 'networking.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: IngressSpec;
  readonly status?: IngressStatus | undefined;
};

export type IngressClass = {
  readonly kind?: 'IngressClass';
  readonly apiVersion?: 'networking.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: IngressClassSpec;
};

export type NetworkPolicy = {
  readonly kind?: 'NetworkPolicy';
  readonly apiVersion?: 'networking.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly spec: NetworkPolicySpec;
};

export type IngressSpec = {
  readonly ingressClassName?: string | undefined;
  readonly defaultBackend?: IngressBackend | undefined;
  readonly tls?: readonly IngressTLS[] | undefined;
  readonly rules?: readonly IngressRule[] | undefined;
};

export type IngressStatus = {
  readonly loadBalancer?: IngressLoadBalancerStatus | undefined;
};

export type IngressClassSpec = {
  readonly controller?: string | undefined;
  readonly parameters?: IngressClassParametersReference | undefined;
};

export type NetworkPolicySpec = {
  readonly podSelector?: metaV1.LabelSelector | undefined;
  readonly ingress?: readonly NetworkPolicyIngressRule[] | undefined;
  readonly egress?: readonly NetworkPolicyEgressRule[] | undefined;
  readonly policyTypes?: readonly string[] | undefined;
};

export type IngressBackend = {
  readonly service?: IngressServiceBackend | undefined;
  readonly resource?: coreV1.TypedLocalObjectReference | undefined;
};

export type IngressTLS = {
  readonly hosts?: readonly string[] | undefined;
  readonly secretName?: string | undefined;
};

export type IngressRule = {
  readonly host?: string | undefined;
  readonly http?: HTTPIngressRuleValue | undefined;
};

export type IngressLoadBalancerStatus = {
  readonly ingress?: readonly IngressLoadBalancerIngress[] | undefined;
};

export type IngressClassParametersReference = {
  readonly kind: string;
  readonly name: string;
  readonly scope?: string | undefined;
  readonly namespace?: string | undefined;
};

export type NetworkPolicyIngressRule = {
  readonly ports?: readonly NetworkPolicyPort[] | undefined;
  readonly from?: readonly NetworkPolicyPeer[] | undefined;
};

export type NetworkPolicyEgressRule = {
  readonly ports?: readonly NetworkPolicyPort[] | undefined;
  readonly to?: readonly NetworkPolicyPeer[] | undefined;
};

export type IngressServiceBackend = {
  readonly name: string;
  readonly port?: ServiceBackendPort | undefined;
};

export type IngressRuleValue = {
  readonly http?: HTTPIngressRuleValue | undefined;
};

export type IngressLoadBalancerIngress = {
  readonly ip?: string | undefined;
  readonly hostname?: string | undefined;
  readonly ports?: readonly IngressPortStatus[] | undefined;
};

export type NetworkPolicyPort = {
  readonly protocol?: string | undefined;
  readonly port?: number | string | undefined;
  readonly endPort?: number | undefined;
};

export type NetworkPolicyPeer = {
  readonly podSelector?: metaV1.LabelSelector | undefined;
  readonly namespaceSelector?: metaV1.LabelSelector | undefined;
  readonly ipBlock?: IPBlock | undefined;
};

export type ServiceBackendPort = {
  readonly name?: string | undefined;
  readonly number?: number | undefined;
};

export type HTTPIngressRuleValue = {
  readonly paths: readonly HTTPIngressPath[];
};

export type IngressPortStatus = {
  readonly port: number;
  readonly protocol: string;
  readonly error?: string | undefined;
};

export type IPBlock = {
  readonly cidr: string;
  readonly except?: readonly string[] | undefined;
};

export type HTTPIngressPath = {
  readonly path?: string | undefined;
  readonly pathType: string;
  readonly backend: IngressBackend;
};
