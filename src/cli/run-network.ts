import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { HttpClient } from '../api/client/http-client.ts';
import { Informer } from '../api/client/informer.ts';
import { readKubeconfig } from '../api/client/kubeconfig.ts';
import { resources } from '../api/client/resources.ts';
import { sleep, systemClock } from '../base/clock.ts';
import { DomainError, hasCode, messageOf } from '../base/error.ts';
import { Ledger } from '../base/ledger.ts';
import { type Logger, openLog } from '../base/log.ts';
import { type NetworkPart, type NodeNetwork, runNetwork } from '../network/network.ts';
import { overlayPart } from '../network/overlay/overlay-part.ts';
import type { NetworkConfig } from './network-config.ts';
import { notifyReady } from './notify-ready.ts';
import { lockRuntime } from './runtime-lock.ts';

/** The overlay, the services, the DNS: one line each. */
function partsOf(config: NetworkConfig): readonly NetworkPart[] {
  const { run, root, nodes: nodeFile } = config;
  return [
    overlayPart({
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
    }),
  ];
}

/** Is the node's network agent until SIGTERM or SIGINT; what it made stays. */
export async function runNetworkAgent(config: NetworkConfig): Promise<void> {
  process.env['KEELSON_LOG'] ??= config.logLevel;
  process.umask(0o077);
  const log = openLog('network');
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  if ((config.kubeconfig === '') === (config.nodes === '')) {
    throw new DomainError('invalid', 'One of --kubeconfig and --nodes has to be given');
  }
  const stateFolder = `${config.root}/network`;
  for (const folder of [config.run, stateFolder]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  using _lock = lockRuntime(config.run, 'network');
  await using ledger = await Ledger.open(`${config.root}/ledger`, 'network');
  await using client = await openClient(config.kubeconfig, log, stop.signal);
  const nodeName = config.nodeName === '' ? hostname().toLowerCase() : config.nodeName;
  const node: NodeNetwork = {
    nodeName,
    client,
    nodes: client && followed(client, log),
    ledger,
    runFolder: config.run,
    stateFolder,
    log,
  };
  const parts = partsOf(config);
  const running = runNetwork(node, parts, stop.signal);
  void tellReady(parts, log);
  await running;
  log.info('stopping');
}

async function tellReady(parts: readonly NetworkPart[], log: Logger): Promise<void> {
  await Promise.all(parts.map(({ ready }) => ready));
  log.info('ready');
  await notifyReady();
}

const retryMs = 500;

/** The kubelet writes the file when it has got its certificate, perhaps after we were started. */
async function openClient(
  path: string,
  log: Logger,
  signal: AbortSignal,
): Promise<HttpClient | undefined> {
  if (path === '') return undefined;
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

function followed(client: HttpClient, log: Logger) {
  return new Informer({
    client,
    clock: systemClock,
    resource: resources.nodes,
    onError: (error) => log.warn(`nodes: ${messageOf(error)}`),
  });
}
