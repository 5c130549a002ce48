import type { HostChange } from '../../base/host-change.ts';
import type { Logger } from '../../base/log.ts';
import { sleep, systemClock } from '../../base/clock.ts';
import type { ClusterObjects } from '../cluster-objects.ts';
import type { NameSources } from './answer-query.ts';
import type { Upstream } from './ask-upstream.ts';
import { ClientBounds } from './client-bounds.ts';
import { addDnsAddresses, keepDnsAddresses } from './dns-device.ts';
import { followRecords, loadRecords, saveRecords } from './follow-records.ts';
import { HostNameServers } from './name-servers.ts';
import { RecordStore } from './record-store.ts';
import { Resolver } from './resolver.ts';
import { serveConnections } from './serve-connections.ts';
import { type Endpoint, serveDatagrams } from './serve-datagrams.ts';
import { Zone } from './zone.ts';

export interface DnsOptions {
  /** Somebody else has them follow the coordinator. */
  readonly objects: Pick<ClusterObjects, 'services' | 'endpointSlices'>;
  /** Where pods ask: made this node's own. */
  readonly addresses: readonly string[];
  /** 53 by default. */
  readonly port?: number;
  /** `cluster.local` by default. */
  readonly domain?: string;
  /** Who is asked for other names; by default whom this host asks. */
  readonly upstreams?: readonly Upstream[];
  /** Where the cluster's names are kept for a start while the coordinator is away. */
  readonly folder: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Written to before the addresses are made, for uninstalling. */
  readonly ledger?: { record(...changes: HostChange[]): Promise<void> };
  /** Called when all addresses answer. */
  readonly onReady?: () => void;
}

/**
 * Answers the pods of this node over UDP and TCP until the signal is aborted: the cluster's names
 * from memory, whether or not the coordinator is there, and others by asking for them. An address
 * that somebody else holds is tried again and said once.
 */
export async function runDns(options: DnsOptions): Promise<void> {
  const { objects, addresses, folder, log, signal, ledger } = options;
  const domain = (options.domain ?? 'cluster.local').toLowerCase().replace(/\.$/, '');
  const store = new RecordStore();
  await loadRecords(store, folder, log);
  followRecords({ objects, store, log, signal });
  await addDnsAddresses(addresses, ledger === undefined ? {} : { ledger });
  const host = new HostNameServers(addresses);
  const upstreams = (): readonly Upstream[] => options.upstreams ?? host.now();
  if (upstreams().length === 0) log.warn('There is no DNS server to ask for names outside');
  const sources = { zone: new Zone(store, domain), resolver: new Resolver(upstreams, signal), log };
  const endpoints = addresses.map((address) => ({ address, port: options.port ?? 53 }));
  using stack = new DisposableStack();
  const saved = saveRecords(store, folder, { log, signal });
  await listen(endpoints, { sources, stack, signal });
  if (!signal.aborted) {
    log.info({ addresses, domain }, 'Names are answered');
    options.onReady?.();
    await keepDnsAddresses(addresses, { log, signal });
  }
  await saved;
}

interface Listening {
  readonly sources: NameSources;
  readonly stack: DisposableStack;
  readonly signal: AbortSignal;
}

const retryMs = 1000;

async function listen(
  endpoints: readonly Endpoint[],
  { sources, stack, signal }: Listening,
): Promise<void> {
  const bounds = new ClientBounds();
  const attempts = endpoints.flatMap((endpoint) => [
    async () => void stack.use(await serveDatagrams(endpoint, sources, bounds)),
    async () => void stack.use(await serveConnections(endpoint, sources, bounds)),
  ]);
  await Promise.all(attempts.map((attempt) => untilDone(attempt, sources.log, signal)));
}

async function untilDone(
  attempt: () => Promise<void>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      return await attempt();
    } catch (error) {
      if (failures === 0) log.error({ err: error }, 'DNS cannot listen; trying again');
      await sleep(systemClock, retryMs, signal);
    }
  }
}
