import type { HostChange } from '../../base/host-change.ts';
import type { Logger } from '../../base/log.ts';
import { type NamespaceReference, open, subscribe } from '../../netlink/index.ts';
import { serviceKeyOf } from '../../api/service-slices.ts';
import type { ClusterObjects } from '../cluster-objects.ts';
import { HealthChecks } from './health-checks.ts';
import { nodeAddresses } from './node-addresses.ts';
import { type NodeView, readNode } from './node-view.ts';
import { requireNat } from './require-nat.ts';
import { ServiceLoop } from './service-loop.ts';
import { ServiceSync } from './service-sync.ts';
import { table } from './table-sets.ts';
import { watchTable } from './table-watch.ts';

export interface ServicesOptions {
  /** Somebody else has them follow the coordinator. */
  readonly objects: ClusterObjects;
  readonly nodeName: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Where the cluster's addresses of Services come from: 10.96.0.0/12. */
  readonly serviceCidrs: readonly string[];
  /** Addresses of the node that no Service may take: the DNS server's. */
  readonly ownAddresses?: readonly string[];
  /** Written to before the table is made, for uninstalling. */
  readonly ledger?: { record(...changes: HostChange[]): Promise<void> };
  /** The network to serve; the process's own by default. */
  readonly namespace?: NamespaceReference;
}

/**
 * Serves the cluster's Services on this node, in a table of nf_tables of our own, until the signal
 * is aborted. The table then stays, and with it what is served, for the next process to take
 * over; until the coordinator has been heard of it is not touched.
 *
 * Throws DomainError `unsupported` where the kernel has no nf_tables with NAT.
 */
export async function runServices(options: ServicesOptions): Promise<void> {
  const { objects, signal, log, namespace } = options;
  const at = namespace === undefined ? {} : { namespace };
  await requireNat(namespace);
  await options.ledger?.record({ kind: 'table', family: table.family, name: table.table });
  using netfilter = await open({ ...at, protocol: 'netfilter' });
  using route = await open(at);
  await using addresses = await subscribe(['address', 'link'], at);
  await using changes = await watchTable(netfilter, namespace);
  await using healthChecks = new HealthChecks(log);
  const { services, endpointSlices, nodes } = objects;
  await untilAborted(Promise.all([services.synced, endpointSlices.synced, nodes.synced]), signal);
  if (signal.aborted) return;

  const sync = new ServiceSync(objects, netfilter, log);
  const loop = new ServiceLoop(sync, healthChecks, { log, signal });
  services.onChange((now, before) => loop.mark(keyOf(now ?? before)));
  endpointSlices.onChange((now, before) => {
    if (now !== undefined) loop.mark(serviceKeyOf(now));
    if (before !== undefined) loop.mark(serviceKeyOf(before));
  });
  const readView = async (): Promise<NodeView> => ({
    name: options.nodeName,
    ...readNode(nodes.get('', options.nodeName)),
    addresses: await nodeAddresses(route, options.ownAddresses ?? []),
    serviceCidrs: options.serviceCidrs,
    ownAddresses: options.ownAddresses ?? [],
  });
  nodes.onChange((now, before) => {
    if ((now ?? before)?.metadata.name === options.nodeName) loop.lookAtNode();
  });
  const stop = (): void => {
    addresses.close();
    changes.close();
    loop.wake();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  await Promise.all([
    follow(addresses, () => loop.lookAtNode()),
    follow(changes, () => loop.verify()),
    loop.run(readView).finally(stop),
  ]);
}

async function follow(events: AsyncIterable<unknown>, tell: () => void): Promise<void> {
  for await (const _ of events) tell();
}

function keyOf(object: { metadata: { namespace?: string | undefined; name: string } } | undefined) {
  return `${object?.metadata.namespace ?? ''}/${object?.metadata.name ?? ''}`;
}

async function untilAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => resolve();
  if (signal.aborted) return;
  signal.addEventListener('abort', stop, { once: true });
  await Promise.race([work, promise]);
  signal.removeEventListener('abort', stop);
}
