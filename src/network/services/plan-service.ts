import type { Service, ServicePort } from '../../api/types/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/types/generated/discovery-v1.ts';
import { type Backends, chooseBackends, isPort } from './choose-endpoints.ts';
import type { NodeView } from './node-view.ts';
import { outside } from './prefixes.ts';
import { canonicalAddress, familyOfAddress } from './usable-address.ts';

/** Which of a port's endpoints: all of the cluster, or those on this node. */
export type Group = keyof Backends;

/** An address and port at which a Service can be reached from this node. */
export interface Frontend {
  readonly address: string;
  readonly port: number;
  readonly group: Group;
  /** Wherever the client is; one that is no pod is so towards cluster addresses in any case. */
  readonly masquerade: boolean;
  /** Connections of this node and its pods go to any endpoint all the same. */
  readonly allFromInside: boolean;
  /** Sources that may connect, as prefixes; absent for all. */
  readonly sources?: readonly string[];
}

/** One port of a Service in one family. */
export interface PortPlan {
  /** `default/web:http`. */
  readonly name: string;
  readonly family: 4 | 6;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** How long a client keeps its endpoint; 0 when each connection may go anywhere. */
  readonly affinitySeconds: number;
  readonly backends: Backends;
  readonly frontends: readonly Frontend[];
}

export interface ServicePlan {
  readonly ports: readonly PortPlan[];
  /** Cluster addresses that are in none of the known ranges. */
  readonly strayAddresses: readonly string[];
  /** For load balancers outside: is there an endpoint on this node. */
  readonly healthCheck?: { readonly port: number; readonly localEndpoints: number };
}

const nothing: ServicePlan = { ports: [], strayAddresses: [] };
const proxyLabel = 'service.kubernetes.io/service-proxy-name';
const protocols = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const;
const defaultAffinitySeconds = 10_800;
const longestAffinitySeconds = 86_400;

/** What this node does for a Service. Touches nothing; the same objects give the same plan. */
export function planService(
  service: Service,
  slices: readonly EndpointSlice[],
  node: NodeView,
): ServicePlan {
  const { spec, metadata } = service;
  if (spec.clusterIP === 'None' || spec.type === 'ExternalName') return nothing;
  if (metadata.labels?.[proxyLabel] !== undefined) return nothing;
  const clusterAddresses = usable(spec.clusterIPs ?? [spec.clusterIP ?? ''], node);
  const families = [...new Set(clusterAddresses.map(familyOfAddress))];
  const addresses = { cluster: clusterAddresses, ...externalAddresses(service, node) };
  const ports: PortPlan[] = [];
  for (const port of spec.ports ?? []) {
    const protocol = protocolOf(port);
    if (!isPort(port.port) || protocol === undefined) continue;
    for (const family of families) {
      const frontends = frontendsOf(service, { port, family, addresses }, node);
      ports.push({
        name: `${metadata.namespace ?? ''}/${metadata.name ?? ''}:${port.name ?? ''}`,
        family,
        protocol,
        affinitySeconds: affinityOf(service),
        backends: chooseBackends(slices, { ...port, family }, node),
        frontends,
      });
    }
  }
  const strayAddresses = outside(clusterAddresses, node.serviceCidrs);
  return { ports, strayAddresses, ...healthCheckOf(service, slices, node) };
}

interface Addresses {
  readonly cluster: readonly string[];
  readonly external: readonly string[];
  readonly balancer: readonly string[];
}

function usable(addresses: readonly string[], node: NodeView): string[] {
  const found: string[] = [];
  for (const text of addresses) {
    const address = canonicalAddress(text);
    if (address === undefined || found.includes(address)) continue;
    if (!node.ownAddresses.includes(address)) found.push(address);
  }
  return found;
}

const noAddresses = { external: [], balancer: [] } as const;

function externalAddresses(service: Service, node: NodeView): Omit<Addresses, 'cluster'> {
  const { spec, status } = service;
  if (spec.type !== 'LoadBalancer' && (spec.externalIPs?.length ?? 0) === 0) return noAddresses;
  const ingress = spec.type === 'LoadBalancer' ? (status?.loadBalancer?.ingress ?? []) : [];
  // With mode Proxy the balancer itself is between: packets to it have to leave the node.
  const direct = ingress.filter(({ ipMode = 'VIP' }) => ipMode === 'VIP');
  return {
    external: usable(spec.externalIPs ?? [], node),
    balancer: usable(
      direct.flatMap(({ ip }) => ip ?? []),
      node,
    ),
  };
}

function frontendsOf(
  { spec }: Service,
  at: { port: ServicePort; family: 4 | 6; addresses: Addresses },
  node: NodeView,
): Frontend[] {
  const { port, family, addresses } = at;
  const inside: Omit<Frontend, 'address'> = {
    port: port.port,
    group: spec.internalTrafficPolicy === 'Local' ? 'local' : 'all',
    masquerade: false,
    allFromInside: false,
  };
  const local = spec.externalTrafficPolicy === 'Local';
  const outside: Omit<Frontend, 'address'> = {
    port: port.port,
    group: local ? 'local' : 'all',
    // Locally the client's address is kept; elsewhere answers have to come back by this node.
    masquerade: !local,
    allFromInside: local,
  };
  const sources = spec.loadBalancerSourceRanges?.map((range) => range.trim());
  const bounded = sources === undefined || sources.length === 0 ? {} : { sources };
  const typed = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  const { nodePort } = port;
  const frontends: Frontend[] = [
    ...addresses.cluster.map((address) => ({ address, ...inside })),
    ...addresses.external.map((address) => ({ address, ...outside })),
    ...addresses.balancer.map((address) => ({ address, ...outside, ...bounded })),
  ];
  if (typed && isPort(nodePort)) {
    frontends.push(...node.addresses.map((address) => ({ ...outside, address, port: nodePort })));
  }
  return frontends.filter(({ address }) => familyOfAddress(address) === family);
}

function protocolOf({ protocol = 'TCP' }: ServicePort): PortPlan['protocol'] | undefined {
  return Object.hasOwn(protocols, protocol)
    ? protocols[protocol as keyof typeof protocols]
    : undefined;
}

function affinityOf({ spec }: Service): number {
  if (spec.sessionAffinity !== 'ClientIP') return 0;
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds;
  return Math.min(Math.max(Math.trunc(seconds), 1), longestAffinitySeconds);
}

function healthCheckOf(
  { spec }: Service,
  slices: readonly EndpointSlice[],
  node: NodeView,
): Pick<ServicePlan, 'healthCheck'> {
  const { healthCheckNodePort: port } = spec;
  if (!isPort(port) || spec.externalTrafficPolicy !== 'Local') return {};
  const here = slices.flatMap(({ endpoints = [] }) =>
    endpoints.filter(
      ({ nodeName, conditions }) => nodeName === node.name && conditions?.ready !== false,
    ),
  );
  // Endpoints that are ending do not count: the balancer should stop sending before they are gone.
  const addresses = new Set(here.flatMap(({ addresses: [first = ''] }) => first));
  return { healthCheck: { port, localEndpoints: addresses.size } };
}
