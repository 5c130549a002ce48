import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ingressPart } from '../network/ingress/ingress-part.ts';
import type { SocketName } from '../network/ingress/listening-sockets.ts';
import type { NetworkPart } from '../network/network.ts';
import type { NetworkConfig } from './network-config.ts';
import { commandOf, holderOf } from './up/part.ts';

/** Descriptors 0 to 2 are what every process has. */
const firstSocket = 3;

/** The part of the agent that keeps `keelson ingress` running. */
export function keptIngress(config: NetworkConfig): NetworkPart {
  const { run, kubeconfig, nodeName, ingressLog, ingressMetrics, logLevel } = config;
  const flags = [
    `--run=${run}`,
    `--kubeconfig=${kubeconfig}`,
    ...(nodeName === '' ? [] : [`--node-name=${nodeName}`]),
    `--ingress-log=${ingressLog}`,
    ...(ingressMetrics === '' ? [] : [`--ingress-metrics=${ingressMetrics}`]),
    `--log-level=${logLevel}`,
  ];
  return ingressPart({
    ports: { http: Number(config.ingressHttp), https: Number(config.ingressHttps) },
    start(sockets) {
      const given = sockets.map(([name], index) => `--${name}-fd=${firstSocket + index}`);
      const [program = '', ...args] = commandOf('ingress', [...flags, ...given]);
      const environment: NodeJS.ProcessEnv = {
        ...process.env,
        // Memory that idle threads keep for themselves is not the node's.
        MALLOC_ARENA_MAX: process.env['MALLOC_ARENA_MAX'] ?? '1',
      };
      for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC']) {
        Reflect.deleteProperty(environment, name);
      }
      return spawn(program, args, {
        detached: true,
        stdio: ['ignore', 'ignore', 'inherit', ...sockets.map(([, fd]) => fd)],
        env: environment,
      });
    },
    running() {
      const pid = holderOf(`${run}/ingress.lock`);
      return pid === undefined ? undefined : { pid, sockets: socketsOf(pid) };
    },
  });
}

/** As its command line says; none for one that somebody else has started, or that has ended. */
function socketsOf(pid: number): ReadonlyMap<SocketName, number> {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return new Map(
      [...words.matchAll(/--(https?)-fd=(\d+)/g)].map(([, name, fd]) => [
        name as SocketName,
        Number(fd),
      ]),
    );
  } catch {
    return new Map();
  }
}
