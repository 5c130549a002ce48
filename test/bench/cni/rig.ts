import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../../..', import.meta.url));

/** Debian's containernetworking-plugins. */
export const referenceFolder = '/usr/lib/cni';

/**
 * A host of its own, as a network namespace, with pods' namespaces beside it, our binaries in a
 * folder and the runtime that serves them. Calls are made and timed by a small program inside the
 * host (`caller.cc`), for Node's own start of a process takes longer than what is measured.
 */
export class CniRig implements AsyncDisposable {
  readonly folder = mkdtempSync('/tmp/keelson-bench-');
  /** On a tmpfs, as /run/keelson is; the leases of both sides are on the disk. */
  readonly #state = mkdtempSync('/dev/shm/keelson-bench-');
  readonly #name = `kb${process.pid}`;
  readonly #pods: string[] = [];
  #runtime: ChildProcess | undefined;

  constructor(pods: number) {
    execFileSync('ip', ['netns', 'add', this.#name]);
    this.inHost(`ip link set lo up; sysctl -qw net.ipv4.ip_forward=1`);
    for (let index = 0; index < pods; index++) {
      const pod = `${this.#name}p${index}`;
      execFileSync('ip', ['netns', 'add', pod]);
      this.#pods.push(pod);
    }
    execFileSync(join(project, 'scripts/install-cni'), [join(this.folder, 'ours')]);
    for (const name of ['calls', 'root']) mkdirSync(join(this.folder, name));
  }

  /** Where the programs of a side lie. */
  programs(side: Side): string {
    return side === 'ours' ? join(this.folder, 'ours') : referenceFolder;
  }

  /** Starts the runtime in the host, and waits until it serves. */
  async startRuntime(): Promise<void> {
    const flags = ['--root', join(this.folder, 'root'), '--state', this.#state];
    const socket = join(this.#state, 'cri.sock');
    const main = join(project, 'src/cli/main.ts');
    const args = [process.execPath, '--max-semi-space-size=1', main, 'runtime', ...flags];
    const rest = ['--socket', socket, '--missing-controllers', 'warn'];
    // Not by `ip netns exec`: its mount of /sys hides the cgroups.
    this.#runtime = spawn('nsenter', [this.#net(), ...args, ...rest], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        KEELSON_CNI_CONFIG: join(this.folder, 'net.d'),
        KEELSON_CNI_CACHE: join(this.folder, 'results'),
        KEELSON_LOG_LEVEL: 'warn',
      },
    });
    for (let attempt = 0; attempt < 400; attempt++) {
      if (await listens(socket)) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('the runtime does not answer');
  }

  async stopRuntime(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const runtime = this.#runtime;
    if (runtime === undefined) return;
    this.#runtime = undefined;
    const ended = new Promise((resolve) => runtime.once('exit', resolve));
    runtime.kill(signal);
    await ended;
  }

  /** Writes a network's configuration for one side; gives its path. */
  configure(side: Side, document: object): string {
    const path = join(this.folder, `${side}.json`);
    writeFileSync(path, JSON.stringify(document));
    return path;
  }

  /** Where our plugins record attachments. */
  get records(): string {
    return join(this.#state, 'cni');
  }

  /** The folder of a side's leases. */
  leases(side: Side): string {
    return join(this.folder, `leases-${side}`);
  }

  pod(index: number): string {
    return `/run/netns/${this.#pods[index] ?? ''}`;
  }

  /** Makes the calls in the host, for pods 0 to `count`; gives how long they took. */
  call(side: Side, { type, verbs, count, concurrency = 1 }: Calls): Times {
    const program = join(this.programs(side), type);
    const [config, output] = [join(this.folder, `${side}.json`), join(this.folder, 'calls')];
    const prefix = `/run/netns/${this.#name}p`;
    const call = [program, config, output, prefix, verbs.join(','), `${count}`, `${concurrency}`];
    const env = {
      PATH: process.env['PATH'],
      CNI_PATH: this.programs(side),
      KEELSON_STATE: this.#state,
    };
    const args = [this.#net(), this.#caller(), ...call];
    const lines = execFileSync('nsenter', args, { encoding: 'utf8', env }).trim().split('\n');
    const timed = lines.map((line) => line.split(' '));
    const named = (name: string): readonly number[] =>
      timed.filter(([verb]) => verb === name).map(([, micros]) => Number(micros) / 1000);
    return { each: named, all: named('all')[0] ?? Number.NaN };
  }

  #caller(): string {
    const program = join(this.folder, 'caller');
    const source = join(import.meta.dirname, 'caller.cc');
    if (!existsSync(program)) {
      execFileSync('g++', ['-std=c++20', '-O2', '-static', source, '-o', program]);
    }
    return program;
  }

  inHost(script: string): string {
    const args = [this.#net(), 'bash', '-c', script];
    return execFileSync('nsenter', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  }

  #net(): string {
    return `--net=/run/netns/${this.#name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopRuntime();
    for (const name of [...this.#pods, this.#name]) execFileSync('ip', ['netns', 'delete', name]);
    for (const folder of [this.folder, this.#state])
      rmSync(folder, { recursive: true, force: true });
  }
}

export type Side = 'ours' | 'reference';

export interface Calls {
  readonly type: string;
  /** Made for each pod in this order. */
  readonly verbs: readonly ('ADD' | 'DEL')[];
  readonly count: number;
  /** So many at once; one after the other by default. */
  readonly concurrency?: number;
}

/** In milliseconds. */
export interface Times {
  each(verb: 'ADD' | 'DEL'): readonly number[];
  readonly all: number;
}

function listens(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request({ socketPath, method: 'HEAD' });
    probe.on('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ENOENT' && error.code !== 'ECONNREFUSED');
    });
    probe.on('response', () => resolve(true));
    probe.end();
  });
}
