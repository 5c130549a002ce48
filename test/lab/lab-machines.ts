/** Labs of machines for tests (`scripts/lab up --engine`), each with a name and a folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { downAtDeath } from '../at-death.ts';
import { project } from './lab.ts';
import { patienceMs, until } from '../until.ts';

const pollMs = 250;
let labs = 0;

export interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class LabMachines implements AsyncDisposable {
  readonly folder = mkdtempSync(`${tmpdir()}/keelson-lab-`);
  readonly name = `m${process.pid}-${(labs += 1)}`;

  constructor() {
    downAtDeath(this.folder, this.name);
  }

  /** Throws with what it said where it fails. */
  async up(...flags: readonly string[]): Promise<Output> {
    const output = await this.run('up', ...flags);
    if (output.code !== 0) throw new Error(`scripts/lab up: ${output.stdout}${output.stderr}`);
    return output;
  }

  run(...args: readonly string[]): Promise<Output> {
    return ended(this.#spawn('ignore', args));
  }

  /** With an input. */
  type(input: string, ...args: readonly string[]): Promise<Output> {
    const child = this.#spawn('pipe', args);
    child.stdin?.end(input);
    return ended(child);
  }

  /** The output alone, without its end; throws where the script fails. */
  async on(node: string, script: string): Promise<string> {
    const { code, stdout, stderr } = await this.run('exec', node, 'bash', '-c', script);
    if (code !== 0) throw new Error(`${node}: ${script}\nended with ${code}:\n${stdout}${stderr}`);
    return stdout.trimEnd();
  }

  /** Waits until a script prints this. */
  async sees(node: string, script: string, wanted: string): Promise<void> {
    const begin = performance.now();
    let seen = '';
    while (performance.now() - begin < patienceMs) {
      seen = await this.on(node, script).catch(String);
      if (seen === wanted) return;
      await sleep(pollMs);
    }
    throw new Error(`${node}: ${script}: not "${wanted}" in ${patienceMs / 1000} s:\n${seen}`);
  }

  /** Begins a script and, when its process is there, interrupts who waits for it. */
  async cancelled(node: string, script: string): Promise<void> {
    const child = this.#spawn('ignore', ['exec', node, ...script.split(' ')]);
    const end = ended(child);
    await this.sees(node, `pgrep -xf "${script}" >/dev/null && echo runs`, 'runs');
    child.kill('SIGTERM');
    await end;
  }

  /** Begins, is sent a signal as soon as something is so, and ends. */
  async signalled(
    signal: NodeJS.Signals,
    isSo: () => boolean,
    ...args: readonly string[]
  ): Promise<Output & { readonly signal: NodeJS.Signals | null }> {
    const child = this.#spawn('ignore', args);
    const end = ended(child);
    await until(() => isSo() || child.exitCode !== null);
    child.kill(signal);
    return { ...(await end), signal: child.signalCode };
  }

  /** What of the lab is on the machine: folder, network, cgroup (so processes) and mounts. */
  leftovers(): readonly string[] {
    const folder = `${this.folder}/${this.name}`;
    const places = [folder, `/run/netns/keelson-${this.name}`, this.cgroup];
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    return [
      ...places.filter((place) => existsSync(place)),
      ...mounts.filter((mount) => mount.includes(folder)),
    ];
  }

  /** Where its processes are counted. */
  get cgroup(): string {
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
    const [, path = '/sys/fs/cgroup'] = /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(mounts) ?? [];
    return `${path}/keelson-${this.name}`;
  }

  down(): Promise<Output> {
    return this.run('down');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(input: 'ignore' | 'pipe', args: readonly string[]): ChildProcess {
    return spawn('scripts/lab', ['--name', this.name, ...args], {
      cwd: project,
      env: { ...process.env, KEELSON_LAB: this.folder },
      stdio: [input, 'pipe', 'pipe'],
    });
  }
}

async function ended(child: ChildProcess): Promise<Output> {
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('close', resolve);
  const [stdout, stderr, code] = await Promise.all([
    read(child.stdout),
    read(child.stderr),
    promise,
  ]);
  return { code, stdout, stderr };
}

async function read(stream: NodeJS.ReadableStream | null): Promise<string> {
  return stream === null ? '' : await text(stream);
}
