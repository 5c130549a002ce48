import type { Readable } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import { limits } from '../../base/limits.ts';

/** Where the API is, and who asks there. */
export interface ApiAddress {
  /** `https://127.0.0.1:6443` */
  readonly server: string;
  /** Who signed the server's certificate, in PEM; absent for the system's own authorities. */
  readonly authority?: string;
  /** The name in the server's certificate, where it is not the server's address. */
  readonly serverName?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Asked for each request, for tokens change. */
  readonly token?: () => string | Promise<string>;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: string | Readable;
  readonly signal?: AbortSignal;
  /** A watch: its body has no end that could be waited for. */
  readonly endless?: boolean;
  /** Takes as long as it takes, and the answer as well. */
  readonly isPatient?: boolean;
}

export interface ApiAnswer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

/** Kept connections to one API server. Owns them until it is disposed of. */
export class Connection implements AsyncDisposable {
  #address: ApiAddress;
  #agent: Agent;
  readonly #userAgent: string;

  constructor(address: ApiAddress, userAgent: string) {
    this.#address = address;
    this.#userAgent = userAgent;
    this.#agent = agentFor(address);
  }

  /** Asks there and as this from now on; what is under way ends as it began. */
  renew(address: ApiAddress): void {
    const before = this.#agent;
    this.#address = address;
    this.#agent = agentFor(address);
    before.close().catch(() => undefined);
  }

  /** What is under way fails at once. */
  reconnect(): void {
    const before = this.#agent;
    this.#agent = agentFor(this.#address);
    before.destroy().catch(() => undefined);
  }

  async send(request: ApiRequest): Promise<ApiAnswer> {
    const { method, path, contentType = 'application/json', body, signal } = request;
    const token = await this.#address.token?.();
    const options: Dispatcher.RequestOptions = {
      origin: this.#address.server,
      path,
      method,
      headers: {
        accept: 'application/json',
        'user-agent': this.#userAgent,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': contentType }),
      },
      ...(body !== undefined && { body }),
      ...(signal !== undefined && { signal }),
      // A quiet watch is ended by its bookmarks' absence.
      ...(request.endless === true && { bodyTimeout: limits.clientSilenceMs }),
      ...(request.isPatient === true && { bodyTimeout: 0, headersTimeout: 0 }),
    };
    const { statusCode, headers, body: answer } = await this.#agent.request(options);
    return { code: statusCode, headers, body: answer };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

function agentFor(address: ApiAddress): Agent {
  return new Agent({
    connections: limits.clientConnections,
    headersTimeout: limits.clientAnswerMs,
    bodyTimeout: limits.clientAnswerMs,
    connect: {
      timeout: limits.clientDialMs,
      keepAliveInitialDelay: limits.clientKeepAliveMs,
      ...secrets(address),
    },
  });
}

function secrets({ authority, serverName, certificate, key }: ApiAddress) {
  return {
    minVersion: 'TLSv1.2',
    ...(authority !== undefined && { ca: authority }),
    ...(serverName !== undefined && { servername: serverName }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
  } as const;
}
