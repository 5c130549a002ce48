import type { ServicePort } from '../../api/types/generated/core-v1.ts';
import type { Endpoint, EndpointSlice } from '../../api/types/generated/discovery-v1.ts';
import type { NodeView } from './node-view.ts';
import { canonicalAddress } from './usable-address.ts';

/** Where connections of one port of a Service may go. */
export interface Backend {
  readonly address: string;
  readonly port: number;
  /** On this node, or nobody says where: it may be the client itself. */
  readonly maybeHere: boolean;
}

export interface Backends {
  /** Anywhere in the cluster. */
  readonly all: readonly Backend[];
  /** On this node, for traffic policy Local. */
  readonly local: readonly Backend[];
}

interface Candidate extends Backend {
  readonly endpoint: Endpoint;
  readonly ready: boolean;
  readonly lastResort: boolean;
  readonly here: boolean;
}

/** A Service has more endpoints than this nowhere; each count has a small chain of its own. */
export const maximumBackends = 4095;

/**
 * The endpoints of one port in one family, in the order of their addresses. Where none is ready,
 * those that end but still serve: the connection is better served by them than refused. Hints of
 * the topology count only where every ready endpoint has one, as in kube-proxy.
 */
export function chooseBackends(
  slices: readonly EndpointSlice[],
  port: ServicePort & { readonly family: 4 | 6 },
  node: NodeView,
): Backends {
  const candidates = candidatesOf(slices, port, node);
  return {
    all: bound(nearest(usable(candidates), node)),
    local: bound(usable(candidates.filter(({ here }) => here))),
  };
}

function candidatesOf(
  slices: readonly EndpointSlice[],
  port: ServicePort & { readonly family: 4 | 6 },
  node: NodeView,
): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const slice of slices) {
    if (slice.addressType !== (port.family === 4 ? 'IPv4' : 'IPv6')) continue;
    for (const number of portsOf(slice, port)) {
      for (const endpoint of slice.endpoints ?? []) {
        const candidate = candidateOf(endpoint, number, node);
        if (candidate === undefined) continue;
        const key = `${candidate.address} ${candidate.port}`;
        // An endpoint may stand in two slices while it moves from one to the other.
        if (found.get(key)?.ready !== true) found.set(key, candidate);
      }
    }
  }
  const candidates = [...found.values()];
  return candidates.length > 1 ? candidates.toSorted(byAddress) : candidates;
}

function portsOf(slice: EndpointSlice, port: ServicePort): number[] {
  const same = (slice.ports ?? []).filter(
    ({ name = '', protocol = 'TCP' }) =>
      name === (port.name ?? '') && protocol === (port.protocol ?? 'TCP'),
  );
  return same.flatMap(({ port: number }) => (isPort(number) ? [number] : []));
}

export function isPort(number: number | undefined): number is number {
  return number !== undefined && Number.isInteger(number) && number > 0 && number < 65_536;
}

function candidateOf(endpoint: Endpoint, port: number, node: NodeView): Candidate | undefined {
  // All addresses of an endpoint are the same one's; everybody uses the first.
  const address = canonicalAddress(endpoint.addresses[0] ?? '');
  if (address === undefined) return undefined;
  const { ready = true, serving = ready, terminating = false } = endpoint.conditions ?? {};
  const here = endpoint.nodeName === node.name;
  const maybeHere = here || endpoint.nodeName === undefined;
  return { address, port, endpoint, ready, lastResort: serving && terminating, here, maybeHere };
}

function usable(candidates: readonly Candidate[]): readonly Candidate[] {
  const ready = candidates.filter((one) => one.ready);
  return ready.length > 0 ? ready : candidates.filter((one) => one.lastResort);
}

function nearest(candidates: readonly Candidate[], node: NodeView): readonly Candidate[] {
  if (candidates[0]?.endpoint.hints === undefined) return candidates;
  const byNode = hinted(candidates, ({ hints }) => hints?.forNodes, node.name);
  if (byNode.length > 0) return byNode;
  const byZone = hinted(candidates, ({ hints }) => hints?.forZones, node.zone);
  return byZone.length > 0 ? byZone : candidates;
}

function hinted(
  candidates: readonly Candidate[],
  hintsOf: (endpoint: Endpoint) => readonly { readonly name: string }[] | undefined,
  name: string,
): Candidate[] {
  if (candidates.some(({ endpoint }) => (hintsOf(endpoint)?.length ?? 0) === 0)) return [];
  return candidates.filter(({ endpoint }) => hintsOf(endpoint)?.some((hint) => hint.name === name));
}

function bound(candidates: readonly Candidate[]): Backend[] {
  return candidates
    .slice(0, maximumBackends)
    .map(({ address, port, maybeHere }) => ({ address, port, maybeHere }));
}

function byAddress(one: Candidate, other: Candidate): number {
  if (one.address !== other.address) return one.address < other.address ? -1 : 1;
  return one.port - other.port;
}
