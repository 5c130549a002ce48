import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { HttpClient } from '../api/client/http-client.ts';
import { systemClock } from '../base/clock.ts';
import { Ledger } from '../base/ledger.ts';
import { type Logger, openLog } from '../base/log.ts';
import { type ClusterObjects, openClusterObjects } from '../network/cluster-objects.ts';
import { runDns } from '../network/dns/run-dns.ts';
import { type NetworkPart, runNetwork } from '../network/network.ts';
import { overlayPart } from '../network/overlay/overlay-part.ts';
import { secondaryPart } from '../network/secondary/secondary-part.ts';
import { runServices } from '../network/services/run-services.ts';
import { keptIngress } from './kept-ingress.ts';
import { endSignal } from './end-signal.ts';
import { kubeconfigChange, waitForKubeconfig } from './follow-kubeconfig.ts';
import type { NetworkConfig } from './network-config.ts';
import { notifyReady } from './notify-ready.ts';
import { lockRuntime } from './runtime-lock.ts';

/** The overlay, the services, the DNS, Ingresses: one each. */
function partsOf(config: NetworkConfig): readonly NetworkPart[] {
  if (config.nodes !== '') return [overlayOf(config)];
  const parts = [overlayOf(config), servicesOf(config), dnsOf(config), secondaryPart];
  return config.ingress === 'yes' ? [...parts, keptIngress(config)] : parts;
}

function overlayOf(config: NetworkConfig): NetworkPart {
  const { run, root, nodes: nodeFile } = config;
  return overlayPart({
    settings: {
      mode: config.mode,
      crossSubnet: config.crossSubnet === 'yes',
      vni: Number(config.vni),
      port: Number(config.port),
      mtu: Number(config.mtu),
      masquerade: config.masquerade === 'yes',
    },
    files: {
      configurationFolder: config.cniConfig,
      networkFile: `${run}/network.json`,
      addressFolder: `${root}/pod-addresses`,
      attach: config.attach,
    },
    ...(nodeFile !== '' && { nodeFile }),
  });
}

function servicesOf({ serviceCidr, clusterDns }: NetworkConfig): NetworkPart {
  return {
    name: 'services',
    async run({ objects, nodeName, ledger, log }, signal) {
      if (objects === undefined) return;
      const serviceCidrs = serviceCidr.split(',');
      const ownAddresses = clusterDns.split(',');
      await runServices({
        objects,
        nodeName,
        log,
        signal,
        serviceCidrs,
        ownAddresses,
        ledger,
      });
    },
  };
}

function dnsOf({ clusterDns, clusterDomain, dnsUpstreams }: NetworkConfig): NetworkPart {
  const upstreams = dnsUpstreams.split(',').map((address) => ({ address, port: 53 }));
  return {
    name: 'dns',
    async run({ objects, stateFolder, ledger, log }, signal) {
      if (objects === undefined) return;
      await runDns({
        objects,
        addresses: clusterDns.split(','),
        domain: clusterDomain,
        folder: stateFolder,
        log,
        signal,
        ledger,
        ...(dnsUpstreams !== '' && { upstreams }),
      });
    },
  };
}

/** What the agent of a node's network runs on. */
export interface AgentOptions {
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** It works: nobody's start waits for the coordinator. */
  readonly ready: () => void | Promise<void>;
  /**
   * Does the work with the cluster's objects, once there are credentials; until the signal is
   * aborted or others have come.
   */
  readonly connect: (work: ClusterWork, signal: AbortSignal) => Promise<void>;
}

export type ClusterWork = (objects: ClusterObjects, signal: AbortSignal) => Promise<void>;

/** Is the node's network agent until SIGTERM or SIGINT; what it made stays. */
export async function runNetworkCommand(config: NetworkConfig): Promise<void> {
  process.env['KEELSON_LOG'] ??= config.logLevel;
  process.umask(0o077);
  const log = openLog('network');
  const signal = endSignal();
  const connect: AgentOptions['connect'] = (work, ending) =>
    workConnected(config.kubeconfig, { log, work }, ending);
  await runNetworkAgent(config, { log, signal, ready: notifyReady, connect });
}

/** The same as part of a process that has its own signals and credentials. */
export async function runNetworkAgent(
  config: NetworkConfig,
  { log, signal, ready, connect }: AgentOptions,
): Promise<void> {
  const stateFolder = `${config.root}/network`;
  for (const folder of [config.run, stateFolder]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  using _lock = lockRuntime(config.run, 'network');
  await using ledger = await Ledger.open(`${config.root}/ledger`, 'network');
  await ready();
  const node = {
    nodeName: config.nodeName === '' ? hostname().toLowerCase() : config.nodeName,
    ledger,
    runFolder: config.run,
    stateFolder,
    log,
  };
  log.info({ node: node.nodeName }, 'started');
  const parts = partsOf(config);
  if (config.nodes !== '') await runNetwork({ ...node, objects: undefined }, parts, signal);
  const work: ClusterWork = (objects, ending) => runNetwork({ ...node, objects }, parts, ending);
  while (!signal.aborted) await connect(work, signal);
  log.info('stopping');
}

interface Working {
  readonly log: Logger;
  readonly work: ClusterWork;
}

/** Until the credentials are renewed; then all is taken up again with the new ones. */
async function workConnected(
  kubeconfig: string,
  { log, work }: Working,
  signal: AbortSignal,
): Promise<void> {
  const address = await waitForKubeconfig(kubeconfig, log, signal);
  if (address === undefined) return;
  await using client = new HttpClient(address, 'keelson-network');
  const renewed = new AbortController();
  const either = AbortSignal.any([signal, renewed.signal]);
  const running = work(openClusterObjects({ client, clock: systemClock, log }), either);
  await Promise.race([running, kubeconfigChange(kubeconfig, address, either)]);
  renewed.abort();
  await running;
}
