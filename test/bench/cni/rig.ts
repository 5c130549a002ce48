import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../../..', import.meta.url));

/** Debian's containernetworking-plugins. */
export const referenceFolder = '/usr/lib/cni';

/**
 * A host of its own, as a network namespace, with pods' namespaces beside it, our binaries in a
 * folder and the runtime that serves them. Calls are timed by a shell inside the host, for Node's
 * own start of a process takes longer than what is measured.
 */
export class CniRig implements AsyncDisposable {
  readonly folder = mkdtempSync('/tmp/keelson-bench-');
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
    for (const name of ['calls', 'state', 'root']) mkdirSync(join(this.folder, name));
  }

  /** Where the programs of a side lie. */
  programs(side: Side): string {
    return side === 'ours' ? join(this.folder, 'ours') : referenceFolder;
  }

  /** Starts the runtime in the host, and waits until it serves. */
  async startRuntime(): Promise<void> {
    const flags = ['--root', join(this.folder, 'root'), '--state', join(this.folder, 'state')];
    const socket = join(this.folder, 'state/cri.sock');
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

  /** The folder of a side's leases. */
  leases(side: Side): string {
    return join(this.folder, `leases-${side}`);
  }

  pod(index: number): string {
    return `/run/netns/${this.#pods[index] ?? ''}`;
  }

  /**
   * Runs a bash script in the host; it has `call VERB INDEX`, which calls the side's plugin for one
   * pod and ends the script when that fails, and `mark NAME`, which keeps the time in microseconds
   * without starting a process. Gives what it prints.
   */
  run(side: Side, type: string, script: string): string {
    const prelude = `
      folder=${this.folder}
      programs=${this.programs(side)}
      call() {
        CNI_COMMAND=$1 CNI_CONTAINERID=pod$2 CNI_IFNAME=eth0 \\
        CNI_NETNS=/run/netns/${this.#name}p$2 CNI_PATH=$programs KEELSON_STATE=$folder/state \\
        $programs/${type} <$folder/${side}.json >$folder/calls/$2 || {
          cat $folder/calls/$2 >&2
          exit 1
        }
      }
      mark() { printf -v "$1" %s "\${EPOCHREALTIME/./}"; }
      set -e`;
    return this.inHost(`${prelude}\n${script}`);
  }

  /** Milliseconds of each of the numbers (of microseconds) that a script prints. */
  times(side: Side, type: string, script: string): readonly number[] {
    const lines = this.run(side, type, script).trim().split('\n');
    return lines.map((line) => Number(line) / 1000);
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
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export type Side = 'ours' | 'reference';

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
