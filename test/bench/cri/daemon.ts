import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeService } from '../../../src/cri/generated/runtime.ts';
import { BenchClient } from './client.ts';

/** The question's network: a bridge with masquerading, as clusters in one machine have it. */
const network = {
  cniVersion: '1.0.0',
  name: 'bench',
  plugins: [
    {
      type: 'bridge',
      bridge: 'bench0',
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        dataDir: '',
        ranges: [[{ subnet: '10.99.0.0/16' }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};

/** A runtime in a network and a mount namespace of its own, as a machine of its own. */
export interface Daemon extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly client: BenchClient;
}

export interface DaemonRequest {
  readonly name: string;
  readonly folder: string;
  readonly socket: string;
  readonly argv: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Runs when it answers: loads the image. */
  readonly ready: () => void;
}

export async function startDaemon(request: DaemonRequest): Promise<Daemon> {
  const { name, folder, socket, argv, environment = {} } = request;
  const script = 'mount --make-rshared / && ip link set lo up && exec "$@"';
  const log = openSync(`${folder}/log`, 'a');
  const daemon = spawn(
    'unshare',
    ['--net', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...argv],
    { stdio: ['ignore', log, log], env: { ...process.env, ...environment } },
  );
  const client = new BenchClient(socket);
  await answering(client, daemon, `${folder}/log`);
  request.ready();
  return {
    name,
    pid: daemon.pid ?? 0,
    client,
    [Symbol.asyncDispose]: async () => {
      await removeAll(client);
      client.close();
      daemon.kill('SIGTERM');
      await once(daemon, 'exit');
    },
  };
}

export function writeNetwork(folder: string): string {
  const path = `${folder}/net.d`;
  mkdirSync(path, { recursive: true });
  const text = JSON.stringify(network).replace('"dataDir":""', `"dataDir":"${folder}/leases"`);
  writeFileSync(`${path}/10-bench.conflist`, text);
  return path;
}

async function answering(client: BenchClient, daemon: ChildProcess, log: string): Promise<void> {
  for (let tries = 0; tries < 200 && daemon.exitCode === null; tries += 1) {
    try {
      await client.call(RuntimeService.Version);
      return;
    } catch {
      await delay(100);
    }
  }
  throw new Error(`The runtime does not answer: ${readFileSync(log, 'utf8').slice(-2000)}`);
}

async function removeAll(client: BenchClient): Promise<void> {
  const { items } = await client.call(RuntimeService.ListPodSandbox);
  for (const { id } of items) {
    await client.call(RuntimeService.StopPodSandbox, { pod_sandbox_id: id });
    await client.call(RuntimeService.RemovePodSandbox, { pod_sandbox_id: id });
  }
}
