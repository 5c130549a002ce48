import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../base/error.ts';
import type { RuntimeConfig } from '../cri/config.ts';
import { Health } from '../cri/monitor/health.ts';
import { watchLoopDelay } from '../cri/monitor/loop-delay.ts';
import { livenessChecks, readinessChecks } from '../cri/monitor/node-checks.ts';
import { addNodeGauges } from '../cri/monitor/node-gauges.ts';
import { MonitorServer } from '../cri/monitor/server.ts';
import type { Node } from '../cri/node.ts';
import { MessageSocket } from '../kernel/socket.ts';
import { sharedSpawner } from '../kernel/spawner.ts';

export interface Monitored {
  readonly config: RuntimeConfig;
  readonly node: Node;
  readonly shims: () => number;
  readonly started: () => boolean;
  readonly signal: AbortSignal;
}

export interface Monitor {
  /** What a restart mends for sure: not a full disk. */
  readonly watched: Health;
  close(): Promise<void>;
}

/** Watches the runtime's health, and tells it where `monitor.address` says, if anywhere. */
export async function serveMonitor(monitored: Monitored): Promise<Monitor> {
  const { config, node, shims, started, signal } = monitored;
  const { metrics } = node;
  addNodeGauges(node, shims);
  void watchLoopDelay((seconds) => metrics.loopDelay(seconds), signal);
  const spawner = { name: 'spawner', run: askSpawner };
  const cni = { name: 'cni', run: () => askCni(config.state) };
  const watched = new Health([spawner, cni]);
  const folders = [config.root, config.state];
  const liveness = new Health([...livenessChecks(config.socket, folders), spawner, cni]);
  if (config.monitorAddress === 'off') return { watched, close: async () => undefined };
  const address = config.monitorAddress || `${config.state}/monitor.sock`;
  const readiness = new Health(readinessChecks(node, started));
  const parts = { metrics: () => metrics.registry.text(), liveness, readiness };
  try {
    const server = await MonitorServer.open(address, parts);
    node.log.info({ address }, 'answers /metrics, /healthz and /readyz');
    return { watched, close: () => server.close() };
  } catch (error) {
    // Nobody has asked for the usual place, so it keeps no node from its pods.
    if (config.monitorAddress !== '') throw error;
    node.log.warn(messageOf(error));
    return { watched, close: async () => undefined };
  }
}

async function askSpawner(): Promise<void> {
  const { supervisor } = await sharedSpawner();
  await supervisor.state();
}

/** Connected, and not hung up on: the service takes calls. */
async function askCni(folder: string): Promise<void> {
  const ended = { value: false };
  const onEnd = (): void => void (ended.value = true);
  using _socket = MessageSocket.connect(folder, 'cni.sock', { onMessage: () => undefined, onEnd });
  await nextTurn();
  if (ended.value) throw new Error('hangs up');
}
