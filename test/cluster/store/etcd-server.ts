import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEtcdStore } from '../../../src/store/open.ts';

/** Why the tests with a real etcd cannot run; false when they can. */
export const etcdMissing: string | false =
  spawnSync('etcd', ['--version']).status === 0 ? false : 'etcd is not installed (etcd-server)';

export interface EtcdFlags {
  readonly folder?: string;
  /** `https` wants the flags for certificates too. */
  readonly scheme?: 'http' | 'https';
  readonly flags?: readonly string[];
}

/** One etcd of Debian's, which can be killed and started again upon the same data. */
export class EtcdServer implements AsyncDisposable {
  readonly endpoint: string;
  #process: ChildProcess | undefined;
  readonly #folder: string;
  readonly #arguments: readonly string[];

  constructor(
    folder: string,
    ports: readonly number[],
    { scheme = 'http', flags = [] }: EtcdFlags,
  ) {
    const [client, peer] = ports.map((port) => `127.0.0.1:${port}`);
    this.#folder = folder;
    this.endpoint = `${scheme}://${client}`;
    const own = {
      name: 'test',
      'data-dir': join(folder, 'data'),
      logger: 'zap',
      'log-level': 'error',
      'listen-client-urls': this.endpoint,
      'advertise-client-urls': this.endpoint,
      'listen-peer-urls': `http://${peer}`,
      'initial-advertise-peer-urls': `http://${peer}`,
      'initial-cluster': `test=http://${peer}`,
    };
    this.#arguments = [
      ...Object.entries(own).map(([name, value]) => `--${name}=${value}`),
      ...flags,
    ];
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && !this.#process.killed;
  }

  start(): void {
    this.#process = spawn('etcd', this.#arguments, { stdio: ['ignore', 'ignore', 'ignore'] });
  }

  /** Resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const process = this.#process;
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return;
    const exit = once(process, 'exit');
    process.kill(signal);
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Starts one and waits until it answers. */
export async function startEtcd(flags: EtcdFlags = {}): Promise<EtcdServer> {
  const folder = flags.folder ?? (await mkdtemp(join(tmpdir(), 'keelson-etcd-')));
  const server = new EtcdServer(folder, [await freePort(), await freePort()], flags);
  server.start();
  if (flags.scheme !== 'https') await untilItAnswers(server.endpoint);
  return server;
}

export async function untilItAnswers(endpoint: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      const store = await openEtcdStore({ endpoints: [endpoint] });
      await store[Symbol.asyncDispose]();
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
