import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchBundle } from './bundle.ts';

/** A containerd of our own with one sleeping container, all in the bundle's folder. */
export class Containerd implements AsyncDisposable {
  readonly shimPid: number;
  readonly #daemon: ChildProcess;
  readonly #address: string;

  private constructor(daemon: ChildProcess, address: string, shimPid: number) {
    this.#daemon = daemon;
    this.#address = address;
    this.shimPid = shimPid;
  }

  static async start(bundle: BenchBundle): Promise<Containerd> {
    const folder = join(bundle.folder, 'containerd');
    mkdirSync(folder);
    const address = join(folder, 's');
    const config = join(folder, 'config.toml');
    writeFileSync(
      config,
      `version = 2\nroot = "${folder}/root"\nstate = "${folder}/state"\n` +
        `disabled_plugins = ["io.containerd.grpc.v1.cri"]\n` +
        `[grpc]\n  address = "${address}"\n[ttrpc]\n  address = "${address}.ttrpc"\n`,
    );
    const daemon = spawn('containerd', ['--config', config], { stdio: 'ignore' });
    for (let round = 0; round < 200 && !existsSync(address); round++) await delay(50);
    ctr(address, ['run', '--detach', '--rootfs', bundle.root, bundle.name, '/bin/sleep', '100000']);
    return new Containerd(daemon, address, findShim(bundle.name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const name = readShimId(this.shimPid);
    ctr(this.#address, ['task', 'kill', '--signal', 'SIGKILL', name]);
    await delay(300);
    ctr(this.#address, ['container', 'delete', name]);
    this.#daemon.kill('SIGTERM');
    await once(this.#daemon, 'exit');
  }
}

function ctr(address: string, args: readonly string[]): void {
  execFileSync('ctr', ['--address', address, ...args], { stdio: 'ignore' });
}

function findShim(id: string): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    const words = commandOf(pid);
    return words[0]?.endsWith('containerd-shim-runc-v2') === true && words.includes(id);
  });
  if (found === undefined) throw new Error(`No shim of containerd for "${id}"`);
  return Number(found);
}

function readShimId(pid: number): string {
  const words = commandOf(String(pid));
  return words[words.indexOf('-id') + 1] ?? '';
}

function commandOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
