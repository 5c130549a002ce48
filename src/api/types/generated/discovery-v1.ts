/** discovery.v1 as types, by scripts/derive-types.ts; not to be edited. */
import type * as coreV1 from './core-v1.ts';
import type * as metaV1 from './meta-v1.ts';

export type EndpointSlice = {
  readonly kind?: 'EndpointSlice';
  readonly apiVersion?: 'discovery.k8s.io/v1';
  readonly metadata: metaV1.ObjectMeta;
  readonly addressType: string;
  readonly endpoints?: readonly Endpoint[] | undefined;
  readonly ports?: readonly EndpointPort[] | undefined;
};

export type Endpoint = {
  readonly addresses: readonly string[];
  readonly conditions?: EndpointConditions | undefined;
  readonly hostname?: string | undefined;
  readonly targetRef?: coreV1.ObjectReference | undefined;
  readonly deprecatedTopology?: Readonly<Record<string, string>> | undefined;
  readonly nodeName?: string | undefined;
  readonly zone?: string | undefined;
  readonly hints?: EndpointHints | undefined;
};

export type EndpointPort = {
  readonly name?: string | undefined;
  readonly protocol?: string | undefined;
  readonly port?: number | undefined;
  readonly appProtocol?: string | undefined;
};

export type EndpointConditions = {
  readonly ready?: boolean | undefined;
  readonly serving?: boolean | undefined;
  readonly terminating?: boolean | undefined;
};

export type EndpointHints = {
  readonly forZones?: readonly ForZone[] | undefined;
  readonly forNodes?: readonly ForNode[] | undefined;
};

export type ForZone = {
  readonly name: string;
};

export type ForNode = {
  readonly name: string;
};
