import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pulled } from './keelson.ts';
import { endOf, peakMiB } from './process.ts';

/** One pull by a containerd of its own with a new store, which stays until the bench ends. */
export async function pullWithContainerd(parent: string, name: string): Promise<Pulled> {
  const folder = mkdtempSync(join(parent, 'containerd-'));
  const socket = join(folder, 'containerd.sock');
  const config = join(folder, 'config.toml');
  writeFileSync(config, configuration(folder, socket));
  const daemon = spawn('containerd', ['-c', config, '-l', 'error'], { stdio: 'ignore' });
  for (let tries = 0; !existsSync(socket); tries += 1) {
    if (tries === 100 || daemon.exitCode !== null) throw new Error('containerd does not start');
    await delay(100);
  }
  try {
    return await pull({ socket, pid: daemon.pid ?? 0 }, name);
  } finally {
    await endOf(daemon);
    execFileSync('sync');
  }
}

function configuration(folder: string, socket: string): string {
  return [
    'version = 2',
    `root = "${join(folder, 'root')}"`,
    `state = "${join(folder, 'state')}"`,
    'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
    '[grpc]',
    `address = "${socket}"`,
    '',
  ].join('\n');
}

async function pull(daemon: { socket: string; pid: number }, name: string): Promise<Pulled> {
  const ctr = ['-a', daemon.socket];
  const start = performance.now();
  const argv = [...ctr, 'image', 'pull', '--plain-http', name];
  const client = spawn('ctr', argv, { stdio: ['ignore', 'ignore', 'inherit'] });
  let clientPeak = 0;
  const watch = setInterval(
    () => (clientPeak = Math.max(clientPeak, peakMiB(client.pid ?? 0))),
    50,
  );
  const [code] = (await once(client, 'exit')) as [number | null];
  const ms = performance.now() - start;
  clearInterval(watch);
  if (code !== 0) throw new Error(`ctr image pull ended with ${code}`);
  return { ms, peakMiB: clientPeak + peakMiB(daemon.pid) };
}
