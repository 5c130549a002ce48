import { aborted } from '../base/aborted.ts';
import { systemClock } from '../base/clock.ts';
import { openLog } from '../base/log.ts';
import { type ClusterObjects, openClusterObjects } from '../network/cluster-objects.ts';
import type { Cli } from './cli.ts';
import { endSignal } from './end-signal.ts';
import { keepSmall } from './keep-small.ts';
import type { NetworkConfig } from './network-config.ts';
import { notifyReady } from './notify-ready.ts';
import { type KubeletFlags, runKubeletPart } from './run-kubelet.ts';
import { type AgentOptions, runNetworkAgent } from './run-network.ts';

export interface NodeFlags {
  readonly kubelet: KubeletFlags;
  readonly network: NetworkConfig;
}

/**
 * Is the node's kubelet and its network agent until SIGTERM or SIGINT: one process, one client of
 * the API and one cache of what both read there, in half the memory of two. When one of them fails
 * the process ends, and whoever keeps it starts both anew: neither's end touches what runs.
 */
export async function runNode({ kubelet, network }: NodeFlags, cli: Cli): Promise<void> {
  process.env['KEELSON_LOG'] ??= kubelet.logLevel;
  const failed = new AbortController();
  const signal = AbortSignal.any([endSignal(), failed.signal]);
  keepSmall(signal);
  const log = openLog('network');
  const cluster = Promise.withResolvers<ClusterObjects>();
  const connect: AgentOptions['connect'] = async (work, ending) => {
    const objects = await Promise.race([cluster.promise, aborted(ending)]);
    if (objects !== undefined) await work(objects, ending);
  };
  const parts = [
    runNetworkAgent(network, { log, signal, ready: () => undefined, connect }),
    runKubeletPart(kubelet, cli, {
      log: openLog('kubelet'),
      signal,
      ready: notifyReady,
      connected: (client) => {
        const objects = openClusterObjects({ client, clock: systemClock, log });
        cluster.resolve(objects);
        return { services: objects.services };
      },
    }),
  ];
  try {
    await Promise.all(parts);
  } finally {
    failed.abort();
    await Promise.allSettled(parts);
  }
}
