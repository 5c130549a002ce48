import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';

const client = fileURLToPath(new URL('../../native/build/keelson-cni', import.meta.url));

/** A plugin folder with our client in it, and the resident service of its own. */
export class World {
  readonly folder = mkdtempSync('/tmp/keelson-cni-');
  readonly said: string[] = [];
  process: ChildProcess | undefined;

  constructor(t: Test) {
    for (const name of ['host-local', 'echo', 'waiting']) symlinkSync(client, this.path(name));
    t.teardown(async () => {
      await this.end('SIGKILL');
      rmSync(this.folder, { recursive: true });
    });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Starts the service and waits until it serves. */
  async start(): Promise<void> {
    const program = fileURLToPath(new URL('resident-process.ts', import.meta.url));
    this.process = spawn(process.execPath, [program, this.folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.process.stdout?.on('data', (text: Buffer) => {
      this.said.push(...text.toString().trim().split('\n'));
    });
    await this.hear('ready');
  }

  async hear(words: string): Promise<void> {
    for (let waitedMs = 0; !this.said.includes(words); waitedMs += 10) {
      if (waitedMs > 20_000) throw new Error(`never said "${words}": ${this.said.join()}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    if (child === undefined) return;
    this.process = undefined;
    this.said.length = 0;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    child.kill('SIGCONT');
    await ended;
  }

  environment(changes: object = {}): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      KEELSON_STATE: this.folder,
      CNI_PATH: this.folder,
      CNI_CONTAINERID: 'c1',
      CNI_IFNAME: 'eth0',
      CNI_NETNS: '/run/netns/absent',
      ...changes,
    };
  }

  call(type: string, changes: object, config: object = {}) {
    const input = JSON.stringify({ cniVersion: '1.1.0', name: 'net', type, ...config });
    return spawnSync(this.path(type), {
      env: this.environment(changes),
      input,
      encoding: 'utf8',
      timeout: 60_000,
      maxBuffer: 8 * 1024 * 1024,
    });
  }

  lease(verb: string, id = 'c1') {
    const ipam = {
      type: 'host-local',
      dataDir: this.path('leases'),
      ranges: [[{ subnet: '10.9.0.0/24' }]],
    };
    return this.call('host-local', { CNI_COMMAND: verb, CNI_CONTAINERID: id }, { ipam });
  }

  leases(): readonly string[] {
    const folder = this.path('leases/net');
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('10.')) : [];
  }

  /** Names of files below the journal's folders. */
  records(): readonly string[] {
    const folders = existsSync(this.path('cni')) ? readdirSync(this.path('cni')) : [];
    return folders.flatMap((folder) => readdirSync(this.path(`cni/${folder}`)));
  }
}
