import { conntrack, type Connection } from '../../netlink/index.ts';
import type { ServicePlan } from './plan-service.ts';
import { canonicalAddress } from './usable-address.ts';

/** Where datagrams to a frontend may be sent now: endpoints as `address port`. */
export type Destinations = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Forgets UDP flows that go on to an endpoint which their Service has no more, or that go nowhere
 * since they began before it had one: a client that keeps its port would never reach another. TCP
 * ends by itself. Resolves to how many were forgotten.
 */
export async function forgetStaleFlows(
  connection: Connection,
  destinations: Destinations,
): Promise<number> {
  if (destinations.size === 0) return 0;
  const flows = await conntrack.list(connection);
  const stale = flows.filter((flow) => isStale(flow, destinations));
  const failures = await connection.batch(stale.map(conntrack.removeRequest));
  const refused = failures.find(({ error }) => error.code !== 'ENOENT');
  if (refused !== undefined) throw refused.error;
  return stale.length - failures.length;
}

/** What is served over UDP. */
export function destinationsOf(plans: Iterable<ServicePlan>): Destinations {
  const found = new Map<string, Set<string>>();
  for (const { ports } of plans) {
    for (const { protocol, frontends, backends } of ports) {
      if (protocol !== 'udp') continue;
      for (const { address, port, group, allFromInside } of frontends) {
        const chosen = allFromInside ? backends.all : backends[group];
        const key = `${address} ${port}`;
        const allowed = found.get(key) ?? new Set();
        found.set(key, allowed);
        for (const backend of chosen) allowed.add(`${backend.address} ${backend.port}`);
      }
    }
  }
  return found;
}

function isStale(
  { protocol, original, reply }: conntrack.TrackedConnection,
  destinations: Destinations,
): boolean {
  if (protocol !== 'udp') return false;
  const to = canonicalAddress(original.destination) ?? '';
  const allowed = destinations.get(`${to} ${original.destinationPort}`);
  if (allowed === undefined) return false;
  const from = canonicalAddress(reply.source) ?? '';
  return !allowed.has(`${from} ${reply.sourcePort}`);
}
