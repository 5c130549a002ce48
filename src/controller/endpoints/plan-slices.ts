import type { Stored } from '../../api/client/client.ts';
import { equal } from '../../api/json.ts';
import type * as discoveryV1 from '../../api/types/generated/discovery-v1.ts';

type Slice = Stored<discoveryV1.EndpointSlice>;
type Endpoint = discoveryV1.Endpoint;

/** What slices of one set of ports shall hold. */
export interface Wanted {
  readonly ports: readonly discoveryV1.EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export interface SlicePlan {
  readonly create: readonly Wanted[];
  readonly update: readonly { readonly slice: Slice; readonly endpoints: readonly Endpoint[] }[];
  readonly remove: readonly Slice[];
}

/** Endpoints in one slice, so that one pod's change is not all pods' change. */
const mostEndpoints = 100;

/**
 * The fewest writes by which these slices hold what is wanted: an endpoint stays in the slice
 * that it is in, new ones fill slices that change anyway, then others, then new slices.
 */
export function planSlices(slices: readonly Slice[], wanted: readonly Wanted[]): SlicePlan {
  const plans = wanted.map((group) =>
    planGroup(
      slices.filter(({ ports = [] }) => equal(ports, group.ports)),
      group,
    ),
  );
  const placed = new Set(plans.flatMap(({ kept }) => kept));
  return {
    create: plans.flatMap(({ create }) => create),
    update: plans.flatMap(({ update }) => update),
    remove: slices.filter((slice) => !placed.has(slice)),
  };
}

function planGroup(slices: readonly Slice[], { ports, endpoints }: Wanted) {
  const left = new Map(endpoints.map((endpoint) => [identityOf(endpoint), endpoint]));
  const contents = slices.map((slice) => ({ slice, endpoints: take(slice.endpoints ?? [], left) }));
  const changed = ({ slice, endpoints: now }: (typeof contents)[number]) =>
    !equal(now, slice.endpoints ?? []);
  const order = contents.toSorted((a, b) => Number(changed(b)) - Number(changed(a)));
  const waiting = [...left.values()];
  for (const entry of order) {
    if (entry.endpoints.length === 0) continue;
    entry.endpoints.push(...waiting.splice(0, mostEndpoints - entry.endpoints.length));
  }
  const create: Wanted[] = [];
  // One that became empty is filled anew rather than deleted beside a new one.
  const empty = order.filter((entry) => entry.endpoints.length === 0);
  while (waiting.length > 0) {
    const chunk = waiting.splice(0, mostEndpoints);
    const reused = empty.shift();
    if (reused === undefined) create.push({ ports, endpoints: chunk });
    else reused.endpoints.push(...chunk);
  }
  // A service whose pods are all gone keeps one slice, which says so.
  if (endpoints.length === 0) {
    if (slices.length === 0) create.push({ ports, endpoints: [] });
    else empty.shift();
  }
  const kept = contents.filter((entry) => !empty.includes(entry));
  return { create, update: kept.filter(changed), kept: kept.map(({ slice }) => slice) };
}

/** The newest state of what the slice has and shall keep. */
function take(endpoints: readonly Endpoint[], left: Map<string, Endpoint>): Endpoint[] {
  return endpoints.flatMap((endpoint) => {
    const identity = identityOf(endpoint);
    const newest = left.get(identity);
    left.delete(identity);
    return newest === undefined ? [] : [newest];
  });
}

function identityOf({ targetRef, addresses }: Endpoint): string {
  return `${targetRef?.uid ?? ''} ${addresses.join()}`;
}
