import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atDeath, mortal } from '../../at-death.ts';
import type { Output } from '../apiserver/scratch-server.ts';

const program = new URL('../../../bin/keelson', import.meta.url).pathname;
/** Far more than it takes: machines of tests are slow and busy. */
const startMs = 60_000;

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
  readonly users: readonly {
    readonly user: {
      readonly 'client-certificate-data': string;
      readonly 'client-key-data': string;
    };
  }[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

/** A folder for coordinators of a test, removed with what runs in it. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-coordinator-'));
  atDeath('rm -rf "$1"', folder);
  return folder;
}

/** `keelson coordinator` as a process of its own. */
export class CoordinatorProcess implements AsyncDisposable {
  readonly folder: string;
  readonly child: ChildProcess;
  /** What it printed once it answered. */
  kubeconfig = '';
  url = '';
  authority = '';
  certificate = '';
  key = '';
  #complaints = '';

  constructor(folder: string, flags: readonly string[] = []) {
    this.folder = folder;
    const args = ['coordinator', '--root', join(folder, 'root'), '--address', '127.0.0.1:0'];
    const words = mortal(program, ...args, ...flags);
    this.child = spawn('setpriv', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-20_000);
    });
  }

  static async start(
    flags: readonly string[] = [],
    folder = scratchFolder(),
  ): Promise<CoordinatorProcess> {
    const started = new CoordinatorProcess(folder, flags);
    try {
      await started.ready();
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
    return started;
  }

  async ready(): Promise<void> {
    this.kubeconfig = await this.#firstLine();
    const config = JSON.parse(readFileSync(this.kubeconfig, 'utf8')) as Kubeconfig;
    const [cluster, user] = [config.clusters[0]?.cluster, config.users[0]?.user];
    this.url = cluster?.server ?? '';
    this.authority = decode(cluster?.['certificate-authority-data']);
    this.certificate = decode(user?.['client-certificate-data']);
    this.key = decode(user?.['client-key-data']);
  }

  get log(): string {
    return this.#complaints;
  }

  kubectl(kubectl: string, ...args: readonly string[]): Promise<Output> {
    const all = [`--cache-dir=${this.folder}/cache`, ...args];
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: this.folder,
      KUBECONFIG: this.kubeconfig,
    };
    const options = { env, timeout: startMs, encoding: 'utf8' } as const;
    return new Promise((resolve) => {
      execFile(kubectl, all, options, (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : 1;
        resolve({ code, stdout, stderr });
      });
    });
  }

  /** One request (`GET /api`), as nobody unless headers or a certificate say more. */
  async request(
    line: string,
    options: {
      readonly headers?: Record<string, string | string[]>;
      readonly body?: string;
      readonly cert?: string;
      readonly key?: string;
    } = {},
  ): Promise<Answer> {
    const [method = 'GET', path = '/'] = line.split(' ');
    const { body, ...rest } = options;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sent = request(
      this.url + path,
      { method, ca: this.authority, agent: false, ...rest },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
        response.once('error', reject);
      },
    );
    sent.once('error', reject).end(body);
    return await promise;
  }

  /** The same as the administrator. */
  asAdmin(line: string, body?: string, type = 'application/json'): Promise<Answer> {
    const headers = { 'Content-Type': type };
    const { certificate: cert, key } = this;
    return this.request(line, { cert, key, headers, ...(body !== undefined && { body }) });
  }

  /** Ends it as systemd does; its code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #firstLine(): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let text = '';
    this.child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.includes('\n')) resolve(text.split('\n')[0] ?? '');
    });
    const fail = (why: string) => reject(new Error(`The coordinator ${why}: ${this.#complaints}`));
    this.child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
    const timer = setTimeout(() => fail('is not ready'), startMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }
}

function decode(text: string | undefined): string {
  return Buffer.from(text ?? '', 'base64').toString('utf8');
}
