import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { limits } from '../base/limits.ts';
import type { Upgrade } from '../stream/upgrade.ts';
import type { Serving } from './security/security.ts';

const idleCheckMs = 50;

const bounds = {
  headersTimeout: limits.apiHeaderMs,
  requestTimeout: limits.apiRequestMs,
  connectionsCheckingInterval: limits.apiCheckMs,
  keepAliveTimeout: limits.apiIdleMs,
  maxHeaderSize: limits.apiHeaderBytes,
} as const;

export interface Listening {
  readonly onRequest: RequestListener;
  /** A connection that asks for another protocol is the callee's from here on. */
  readonly onUpgrade: (upgrade: Upgrade) => void;
}

/** The socket of the API, with TLS where there is a certificate. */
export class Listener {
  readonly #server: Server | SecureServer;
  readonly #scheme: string;

  constructor(serving: Serving | undefined, { onRequest, onUpgrade }: Listening) {
    this.#scheme = serving === undefined ? 'http' : 'https';
    this.#server =
      serving === undefined ? createServer(bounds, onRequest) : secureServer(serving, onRequest);
    this.#server.on('upgrade', (request, socket, head) => onUpgrade({ request, socket, head }));
    this.#server.maxConnections = limits.apiConnections;
  }

  async listen(host: string | undefined, port: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject).listen({ host, port, backlog: 1024 }, resolve);
    await promise;
    this.#server.off('error', reject);
  }

  /** `https://127.0.0.1:6443` */
  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `${this.#scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;
  }

  /** Takes no more connections, and cuts those that are busy after so long. */
  async close(graceMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeIdleConnections();
    // A watch that ended leaves its connection idle, and clients keep such.
    const idle = setInterval(() => this.#server.closeIdleConnections(), idleCheckMs);
    const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await promise;
    clearInterval(idle);
    clearTimeout(timer);
  }
}

function secureServer(serving: Serving, listener: RequestListener): SecureServer {
  const options: TlsOptions = {
    ...serving.context,
    minVersion: 'TLSv1.2',
    requestCert: true,
    // Who has no certificate may have a token; a bad one is told so in HTTP, not by a hang-up.
    rejectUnauthorized: false,
    handshakeTimeout: limits.apiHandshakeMs,
    ALPNProtocols: ['http/1.1'],
  };
  const server = createSecureServer({ ...bounds, ...options }, listener);
  serving.onRenewal((context) => server.setSecureContext({ ...context, minVersion: 'TLSv1.2' }));
  return server;
}
