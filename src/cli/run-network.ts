import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { HttpClient } from '../api/client/http-client.ts';
import { readKubeconfig } from '../api/client/kubeconfig.ts';
import { sleep, systemClock } from '../base/clock.ts';
import { hasCode } from '../base/error.ts';
import { Ledger } from '../base/ledger.ts';
import { type Logger, openLog } from '../base/log.ts';
import { openClusterObjects } from '../network/cluster-objects.ts';
import { runDns } from '../network/dns/run-dns.ts';
import { type NetworkPart, type NodeNetwork, runNetwork } from '../network/network.ts';
import { overlayPart } from '../network/overlay/overlay-part.ts';
import { runServices } from '../network/services/run-services.ts';
import type { NetworkConfig } from './network-config.ts';
import { notifyReady } from './notify-ready.ts';
import { lockRuntime } from './runtime-lock.ts';

/** The overlay, the services, the DNS: one each. */
function partsOf(config: NetworkConfig): readonly NetworkPart[] {
  if (config.nodes !== '') return [overlayOf(config)];
  return [overlayOf(config), servicesOf(config), dnsOf(config)];
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

/** Is the node's network agent until SIGTERM or SIGINT; what it made stays. */
export async function runNetworkAgent(config: NetworkConfig): Promise<void> {
  process.env['KEELSON_LOG'] ??= config.logLevel;
  process.umask(0o077);
  const log = openLog('network');
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  const stateFolder = `${config.root}/network`;
  for (const folder of [config.run, stateFolder]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  using _lock = lockRuntime(config.run, 'network');
  await using ledger = await Ledger.open(`${config.root}/ledger`, 'network');
  // Nobody's start waits for the coordinator: what there was before works until it is heard of.
  await notifyReady();
  const path = config.nodes === '' ? config.kubeconfig : undefined;
  await using client = await openClient(path, log, stop.signal);
  const node: NodeNetwork = {
    nodeName: config.nodeName === '' ? hostname().toLowerCase() : config.nodeName,
    objects: client && openClusterObjects({ client, clock: systemClock, log }),
    ledger,
    runFolder: config.run,
    stateFolder,
    log,
  };
  log.info({ node: node.nodeName }, 'started');
  await runNetwork(node, partsOf(config), stop.signal);
  log.info('stopping');
}

const retryMs = 500;

/** The kubelet writes the file when it has got its certificate, perhaps after we were started. */
async function openClient(
  path: string | undefined,
  log: Logger,
  signal: AbortSignal,
): Promise<HttpClient | undefined> {
  if (path === undefined) return undefined;
  let told = false;
  while (!signal.aborted) {
    try {
      return new HttpClient(await readKubeconfig(path), 'keelson-network');
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
      if (!told) log.info(`waiting for the kubeconfig "${path}"`);
      told = true;
    }
    await sleep(systemClock, retryMs, signal);
  }
  return undefined;
}
