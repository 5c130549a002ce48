import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiClient } from '../../../src/api/client/client.ts';
import { ApiServer, type ApiServerOptions } from '../../../src/apiserver/server.ts';
import { openEmbeddedStore } from '../../../src/store/open.ts';
import type { Store } from '../../../src/store/store.ts';

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An API server on a store of its own, and kubectl for it; all removed at the end. */
export class ScratchServer implements AsyncDisposable {
  readonly folder: string;
  #store: Store;
  #server: ApiServer;

  private constructor(store: Store, server: ApiServer, folder: string) {
    this.#store = store;
    this.#server = server;
    this.folder = folder;
  }

  static async start(
    options: Omit<ApiServerOptions, 'store' | 'host' | 'port'> = {},
  ): Promise<ScratchServer> {
    const folder = mkdtempSync(join(tmpdir(), 'keelson-api-'));
    const store = await openEmbeddedStore(join(folder, 'state.db'));
    const server = await ApiServer.start({ store, host: '127.0.0.1', port: 0, ...options });
    return new ScratchServer(store, server, folder);
  }

  /** Ends the server and begins another on the same store. */
  async restart(): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
    this.#store = await openEmbeddedStore(join(this.folder, 'state.db'));
    this.#server = await ApiServer.start({ store: this.#store, host: '127.0.0.1', port: 0 });
  }

  get url(): string {
    return this.#server.url;
  }

  /** The API as what runs in the server's process has it. */
  client(name: string): ApiClient {
    return this.#server.client(name);
  }

  /** Writes a manifest, and gives its path. */
  manifest(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  kubectl(program: string, ...args: readonly string[]): Promise<Output> {
    return this.kubectlWith('', program, ...args);
  }

  /** The same with something on its stdin. */
  kubectlWith(input: string, program: string, ...args: readonly string[]): Promise<Output> {
    const options = { ...this.settings, timeout: 120_000, encoding: 'utf8' } as const;
    return new Promise((resolve) => {
      const child = execFile(program, this.arguments(args), options, (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : 1;
        resolve({ code, stdout, stderr });
      });
      // It may have ended without reading.
      child.stdin?.on('error', () => undefined).end(input);
    });
  }

  /** Of a kubectl that the test runs itself. */
  get settings(): { readonly env: Record<string, string> } {
    return { env: { PATH: process.env['PATH'] ?? '', HOME: this.folder } };
  }

  arguments(args: readonly string[]): string[] {
    return [`--server=${this.url}`, `--cache-dir=${this.folder}/cache`, ...args];
  }

  /** One request (`GET /api/v1/pods`) with its answer, read to the end. */
  async request(
    line: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
    const [method = 'GET', path = '/'] = line.split(' ');
    const response = await fetch(this.url + path, {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body: parsed };
  }

  /** The text of one answer. */
  async text(line: string): Promise<string> {
    const [method = 'GET', path = '/'] = line.split(' ');
    return await (await fetch(this.url + path, { method })).text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.#store[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
