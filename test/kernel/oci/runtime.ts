import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import type { Spec } from '../../../src/container/spec.ts';
import { Bundle, type SpecChange } from '../container/bundle.ts';
import { patienceMs } from '../../until.ts';
import { withoutRoot } from '../skip.ts';

export const program = fileURLToPath(new URL('../../../native/build/keelson-oci', import.meta.url));

/** Differential tests need Debian's runc. */
export const withoutRunc =
  withoutRoot === false && !existsSync('/usr/sbin/runc') ? 'needs runc' : withoutRoot;

const residentProgram = fileURLToPath(new URL('resident.ts', import.meta.url));

/** A planner that stays, as the runtime has one. */
export class Resident implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'keelson-test-'));
  #process: ChildProcess | undefined;

  get socket(): string {
    return join(this.folder, 'oci.sock');
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  static async start(): Promise<Resident> {
    const resident = new Resident();
    await resident.up();
    return resident;
  }

  async up(): Promise<void> {
    this.#process = spawn(process.execPath, [residentProgram, this.folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(this.#process.stdout ?? this.#process, 'data');
  }

  async down(signal: NodeJS.Signals): Promise<void> {
    if (this.#process === undefined) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill(signal);
    await ended;
    this.#process = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An OCI runtime's command line with a state folder of its own, on one bundle. */
export class OciRuntime implements Disposable {
  readonly bundle: Bundle;
  readonly name: string;
  readonly root: string;
  readonly log: string;
  readonly #words: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;

  /** `ours` without a resident runtime, unless the environment names one's socket. */
  constructor(name: 'keelson' | 'runc', environment: NodeJS.ProcessEnv = {}) {
    this.bundle = new Bundle();
    this.name = this.bundle.name;
    this.root = this.bundle.path(`state-${name}`);
    this.log = this.bundle.path('log');
    this.#words = [name === 'keelson' ? program : 'runc', '--root', this.root];
    this.#environment = {
      ...process.env,
      KEELSON_OCI_SOCKET: this.bundle.path('none.sock'),
      KEELSON_STATE: this.bundle.path('state'),
      ...environment,
    };
    this.configure(['sleep', '1000']);
  }

  /** Writes the bundle's config.json; paths in it are the bundle's. */
  configure(args: readonly string[], change: SpecChange = {}): Spec {
    const spec = this.bundle.spec(args, { ociVersion: '1.0.2', ...change });
    const { linux } = change;
    const written = {
      ...spec,
      linux: { cgroupsPath: `/${this.name}/c`, ...spec.linux, ...linux },
    };
    writeFileSync(this.bundle.path('config.json'), JSON.stringify(written));
    return written;
  }

  /** One command to its end; JSON log lines go to `log`. */
  run(...words: readonly string[]): Outcome {
    return this.runWith({}, ...words);
  }

  runWith(
    options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv; readonly fds?: number[] },
    ...words: readonly string[]
  ): Outcome {
    const [file = '', ...own] = this.#words;
    const logging = ['--log', this.log, '--log-format', 'json'];
    const output = this.bundle.path('output');
    // Files, not pipes: a container that goes on living would keep a pipe open.
    const { status } = spawnSync(
      'sh',
      ['-c', 'out=$1; shift; exec "$@" >"$out" 2>"$out.err"', 'sh', output]
        .concat(file, own, logging)
        .concat(words),
      {
        cwd: this.bundle.folder,
        input: options.input ?? '',
        env: { ...this.#environment, ...options.env },
        timeout: patienceMs,
        stdio: ['pipe', 'ignore', 'inherit', ...(options.fds ?? [])],
      },
    );
    const [stdout, stderr] = [output, `${output}.err`].map((path) => readFileSync(path, 'utf8'));
    return { code: status ?? -1, stdout: stdout ?? '', stderr: stderr ?? '' };
  }

  /** One that stays. */
  begin(...words: readonly string[]): ChildProcess {
    const [file = '', ...own] = this.#words;
    return spawn(file, [...own, ...words], {
      cwd: this.bundle.folder,
      env: this.#environment,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  state(id: string): { readonly status: string; readonly pid: number } & Record<string, unknown> {
    return JSON.parse(this.run('state', id).stdout) as ReturnType<OciRuntime['state']>;
  }

  /** The messages of the log so far, then an empty one. */
  takeLog(): string[] {
    if (!existsSync(this.log)) return [];
    const lines = readFileSync(this.log, 'utf8').trim().split('\n').filter(Boolean);
    rmSync(this.log);
    return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  }

  [Symbol.dispose](): void {
    for (const id of this.run('list', '--quiet').stdout.split('\n').filter(Boolean)) {
      this.run('delete', '--force', id);
    }
    using hierarchy = openHierarchy();
    const parent = `${hierarchy.mountPoint}/${this.name}`;
    if (existsSync(parent)) rmdirSync(parent);
    this.bundle[Symbol.dispose]();
  }
}

/** What two runtimes of the same bundle's shape differ in by nature, made equal. */
export function neutral(text: string, runtime: OciRuntime): string {
  return text
    .replaceAll(runtime.bundle.folder, '/BUNDLE')
    .replaceAll(/"ociVersion": ?"[^"]*"/g, '"ociVersion":"V"')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/^\[\d+\]$/gm, '[PID]')
    .replaceAll(/^ *\d+ sleep/gm, 'PID sleep')
    .replaceAll(/("?pid"?:? ?)[1-9]\d*/g, '$1PID');
}
