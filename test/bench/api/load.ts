import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { CoordinatorProcess } from '../../cluster/security/coordinator-process.ts';

export interface LoadRequest {
  readonly what: 'create' | 'get' | 'watch';
  readonly seconds: number;
  /** Connections; for a watch, watchers. */
  readonly clients: number;
}

export interface LoadResult {
  readonly perSecond: number;
  /** Of each request, or from each change to each watcher. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly error?: string;
}

/** `keelson coordinator`, and clients of it in a process of their own: both have a core. */
export class ApiLoad implements AsyncDisposable {
  readonly #server: CoordinatorProcess;
  readonly #clients: ChildProcess;

  private constructor(server: CoordinatorProcess, clients: ChildProcess) {
    this.#server = server;
    this.#clients = clients;
  }

  static async start(): Promise<ApiLoad> {
    const server = await CoordinatorProcess.start(['--log-level', 'error']);
    const { url, authority, certificate, key } = server;
    const path = new URL('load-process.ts', import.meta.url).pathname;
    const clients = fork(path, [], {
      env: { ...process.env, LOAD: JSON.stringify({ url, authority, certificate, key }) },
    });
    return new ApiLoad(server, clients);
  }

  async run(request: LoadRequest): Promise<LoadResult & { readonly serverCpuMs: number }> {
    const before = this.#cpuMs();
    this.#clients.send(request);
    const [result] = (await once(this.#clients, 'message')) as [LoadResult];
    if (result.error !== undefined) throw new Error(result.error);
    return { ...result, serverCpuMs: this.#cpuMs() - before };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#clients.kill();
    await this.#server.stop();
    await this.#server[Symbol.asyncDispose]();
  }

  /** What the server's process used so far: tells more than a rate on a busy machine. */
  #cpuMs(): number {
    const fields = readFileSync(`/proc/${this.#server.child.pid}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ');
    return (Number(fields?.[11]) + Number(fields?.[12])) * 10;
  }
}
