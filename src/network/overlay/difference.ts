import { address, fdb, neighbour, type Request, route } from '../../netlink/index.ts';
import { canonical } from '../../netlink/prefix.ts';
import type { ObservedOverlay } from './observe.ts';
import { routeProtocol } from './overlay-settings.ts';
import type { OverlayPlan } from './plan.ts';

/** A change that the kernel is asked for, and its refusals that do no harm. */
export interface OverlayChange {
  readonly request: Request;
  /** For logs: `add route 10.244.1.0/24`. */
  readonly what: string;
  readonly harmless: readonly string[];
}

/** By which numbers the kernel knows the devices that routes lead out of. */
export interface DeviceIndexes {
  readonly vxlan: number | undefined;
  readonly underlay: number;
}

const gone = ['ENOENT', 'ESRCH', 'ENODEV', 'EADDRNOTAVAIL', 'ENXIO'];
const mainTable = 254;
/** Behind every other route to the same: a bridge has one to all its pods. */
const lastMetric = 65_535;
const ipv6Metric = 1024;

/**
 * What is missing and what is stale, in the order in which no packet loses its way: who receives
 * before the route that leads there, and what is taken away last. What is right is not touched,
 * nor are entries replaced by taking them away first.
 */
export function differenceOf(
  plan: OverlayPlan,
  observed: ObservedOverlay,
  indexes: DeviceIndexes,
): readonly OverlayChange[] {
  const parts = [
    ...(indexes.vxlan === undefined
      ? []
      : [
          addressChanges(plan, observed, indexes.vxlan),
          forwardingChanges(plan, observed, indexes.vxlan),
          neighbourChanges(plan, observed, indexes.vxlan),
        ]),
    routeChanges(plan, observed, indexes),
  ];
  return [
    ...parts.flatMap(({ wanted }) => wanted),
    ...parts.toReversed().flatMap(({ stale }) => stale),
  ];
}

interface Changes {
  readonly wanted: readonly OverlayChange[];
  readonly stale: readonly OverlayChange[];
}

function addressChanges(plan: OverlayPlan, observed: ObservedOverlay, device: number): Changes {
  const wanted = plan.device?.addresses ?? [];
  const requestOf = (text: string) => ({
    device,
    address: text,
    noPrefixRoute: true,
    ...(text.includes(':') && { noDuplicateDetection: true }),
  });
  return {
    wanted: wanted
      .filter((one) => !observed.addresses.includes(one))
      .map((one) => ({
        request: address.addRequest(requestOf(one)),
        what: `add address ${one}`,
        harmless: ['EEXIST'],
      })),
    stale: observed.addresses
      .filter((one) => !wanted.includes(one))
      .map((one) => removal(address.removeRequest({ device, address: one }), `address ${one}`)),
  };
}

function forwardingChanges(plan: OverlayPlan, observed: ObservedOverlay, device: number): Changes {
  const isPlanned = ({ linkAddress, remote = '' }: fdb.FdbEntry) =>
    plan.forwarding.get(linkAddress) === canonicalOr(remote);
  const present = new Set(observed.forwarding.filter(isPlanned).map((one) => one.linkAddress));
  return {
    wanted: [...plan.forwarding]
      .filter(([linkAddress]) => !present.has(linkAddress))
      .map(([linkAddress, remote]) => ({
        // In the place of the node's former address, in one step.
        request: fdb.replaceRequest({ device, linkAddress, remote }),
        what: `add forwarding ${linkAddress} to ${remote}`,
        harmless: [],
      })),
    stale: observed.forwarding
      .filter((one) => !isPlanned(one))
      .map(({ linkAddress, remote }) => {
        const entry = { device, linkAddress, ...(remote !== undefined && { remote }) };
        return removal(fdb.removeRequest(entry), `forwarding ${linkAddress} to ${remote}`);
      }),
  };
}

function neighbourChanges(plan: OverlayPlan, observed: ObservedOverlay, device: number): Changes {
  const isPlanned = (one: neighbour.Neighbour) =>
    one.state === 'permanent' && plan.neighbours.get(one.address) === one.linkAddress;
  const present = new Set(observed.neighbours.filter(isPlanned).map((one) => one.address));
  return {
    wanted: [...plan.neighbours]
      .filter(([host]) => !present.has(host))
      .map(([host, linkAddress]) => ({
        request: neighbour.replaceRequest({ device, address: host, linkAddress }),
        what: `add neighbour ${host} at ${linkAddress}`,
        harmless: [],
      })),
    stale: observed.neighbours
      .filter((one) => one.state === 'permanent' && !plan.neighbours.has(one.address))
      .map((one) =>
        removal(
          neighbour.removeRequest({ device, address: one.address }),
          `neighbour ${one.address}`,
        ),
      ),
  };
}

function routeChanges(
  plan: OverlayPlan,
  observed: ObservedOverlay,
  indexes: DeviceIndexes,
): Changes {
  const wanted = wantedRoutes(plan, indexes);
  const byDestination = Map.groupBy(observed.routes, ({ to }) => to);
  const isPresent = (one: route.NewRoute) =>
    byDestination.get(one.to)?.some((present) => matches(present, one)) === true;
  const byWanted = new Map(wanted.map((one) => [one.to, one]));
  const isWanted = (present: route.Route) => {
    const one = byWanted.get(present.to);
    return one !== undefined && matches(present, one);
  };
  return {
    wanted: wanted.filter((one) => !isPresent(one)).map((one) => routeChange(one, byDestination)),
    stale: observed.routes.filter((one) => !isWanted(one)).map(routeRemoval),
  };
}

function matches(present: route.Route, one: route.NewRoute): boolean {
  return (
    present.to === one.to &&
    present.type === one.type &&
    present.table === mainTable &&
    present.via === one.via &&
    present.metric === one.metric &&
    (one.device === undefined || present.index === one.device)
  );
}

function wantedRoutes(plan: OverlayPlan, indexes: DeviceIndexes): readonly route.NewRoute[] {
  const common = { protocol: routeProtocol, table: mainTable } as const;
  const ways = [...plan.routes.values()].flatMap(({ to, via, way }): route.NewRoute[] => {
    const device = indexes[way];
    if (device === undefined) return [];
    const metric = to.includes(':') ? { metric: ipv6Metric } : {};
    return [{ ...common, to, via, device, type: 'unicast', onLink: true, ...metric }];
  });
  const own = plan.ownRanges.map((to): route.NewRoute => ({
    ...common,
    to,
    type: 'unreachable',
    metric: lastMetric,
  }));
  return [...own, ...ways];
}

/**
 * One of ours to the same is replaced in one step; one of somebody else's is not touched, and
 * refused by the kernel (EEXIST).
 */
function routeChange(
  one: route.NewRoute,
  byDestination: ReadonlyMap<string, readonly route.Route[]>,
): OverlayChange {
  const former = byDestination.get(one.to)?.some(({ metric }) => metric === one.metric) === true;
  const request = former ? route.replaceRequest(one) : route.addRequest(one);
  return { request, what: `add route ${one.to} via ${one.via ?? 'nowhere'}`, harmless: [] };
}

function routeRemoval(one: route.Route): OverlayChange {
  const { to, family, table, protocol, index, metric, via } = one;
  const request = route.removeRequest({
    to,
    family,
    table,
    protocol,
    ...(one.type !== 'unreachable' && index !== undefined && { device: index }),
    ...(via !== undefined && { via }),
    ...(metric !== undefined && { metric }),
  });
  return removal(request, `route ${to}`);
}

function removal(request: Request, what: string): OverlayChange {
  return { request, what: `remove ${what}`, harmless: gone };
}

function canonicalOr(text: string): string {
  return text === '' ? '' : canonical(text);
}
