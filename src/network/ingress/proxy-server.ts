import { once } from 'node:events';
import { createServer as createHttp1, type Server as Http1Server } from 'node:http';
import { createServer as createHttp2, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTls, type TLSSocket } from 'node:tls';
import { ingressLimits } from '../../base/ingress-limits.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import type { Certificates } from './certificates.ts';
import { ClientConnections } from './client-connections.ts';
import type { Proxy } from './proxy.ts';

/** Where a server listens: a socket that somebody else has opened, or a port of all addresses. */
export type Listening = { readonly fd: number } | { readonly port: number; readonly host?: string };

export interface ProxyServerOptions {
  readonly proxy: Proxy;
  readonly certificates: Certificates;
  readonly log: Logger;
  readonly http?: Listening;
  readonly https?: Listening;
  /** A client's time for the head of a request, if not the usual one. */
  readonly headMs?: number;
}

/**
 * The proxy's servers: HTTP/1.1 on one socket, on the other TLS with HTTP/1.1 or HTTP/2, as the
 * client chooses. One server has all HTTP/1.1, so that its bounds count for both.
 */
export class ProxyServer {
  readonly #http1: Http1Server;
  readonly #http2: Http2Server;
  readonly #tls: Server;
  readonly #options: ProxyServerOptions;
  readonly #clients = new ClientConnections();
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(options: ProxyServerOptions) {
    this.#options = options;
    this.#http1 = this.#openHttp1();
    this.#http2 = this.#openHttp2();
    this.#tls = this.#openTls();
  }

  get connections(): number {
    return this.#clients.size;
  }

  /** Resolves when it listens. Rejects for a port that somebody has. */
  async listen(): Promise<void> {
    const { http, https } = this.#options;
    await Promise.all([
      ...(http === undefined ? [] : [listen(this.#http1, http)]),
      ...(https === undefined ? [] : [listen(this.#tls, https)]),
    ]);
  }

  /** Where it listens now; 0 where it does not. */
  get ports(): { readonly http: number; readonly https: number } {
    return { http: portOf(this.#http1), https: portOf(this.#tls) };
  }

  /** Takes no more connections, and resolves when those that are open have ended or are late. */
  async close(graceMs: number): Promise<void> {
    const { http, https } = this.#options;
    const servers = [...(http ? [this.#http1] : []), ...(https ? [this.#tls] : [])];
    const closed = servers.map((server) => once(server, 'close'));
    for (const server of servers) server.close();
    this.#http1.closeIdleConnections();
    for (const session of this.#sessions) session.close();
    const late = setTimeout(() => this.#clients.destroyAll(), graceMs);
    await Promise.all([...closed, this.#clients.none()]);
    clearTimeout(late);
  }

  #openHttp1(): Http1Server {
    const { proxy, headMs = ingressLimits.headMs } = this.#options;
    const server = createHttp1(
      {
        insecureHTTPParser: false,
        requireHostHeader: true,
        maxHeaderSize: ingressLimits.headerBytes,
        headersTimeout: headMs,
        // A body takes as long as it takes, as long as it comes.
        requestTimeout: 0,
        keepAliveTimeout: ingressLimits.idleMs,
        connectionsCheckingInterval: Math.min(headMs, 2000),
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: limits.streamKeepAliveMs,
        // HTTP/2 without TLS would take further requests past the rules; others are for backends.
        shouldUpgradeCallback: ({ headers }) => !/^h2c?\b/i.test(headers.upgrade ?? ''),
      },
      (request, reply) => proxy.serve(request, reply),
    );
    server.maxHeadersCount = ingressLimits.headers;
    server.maxConnections = ingressLimits.connections;
    server.on('upgrade', (request, socket, head) => proxy.upgrade(request, socket, head));
    server.on('connection', (socket: Socket) => {
      // Those from TLS are counted there.
      if (!('encrypted' in socket)) this.#clients.add(socket);
    });
    server.on('error', (error) => this.#options.log.warn({ err: error }, 'the HTTP server'));
    return server;
  }

  #openHttp2(): Http2Server {
    const { proxy } = this.#options;
    const server = createHttp2(
      {
        maxSessionMemory: 10,
        maxHeaderListPairs: ingressLimits.headers,
        settings: {
          maxConcurrentStreams: ingressLimits.streams,
          maxHeaderListSize: ingressLimits.headerBytes,
          enablePush: false,
        },
      },
      (request, reply) => proxy.serve(request, reply),
    );
    server.on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
      session.setTimeout(ingressLimits.idleMs, () => session.close());
      session.on('error', () => session.destroy());
    });
    server.on('sessionError', () => undefined);
    return server;
  }

  #openTls(): Server {
    const { certificates } = this.#options;
    const { key, certificate: cert } = certificates.fallback;
    const server = createTls({
      key,
      cert,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: ingressLimits.handshakeMs,
      noDelay: true,
      SNICallback: (host, done) => {
        try {
          done(null, certificates.contextOf(host));
        } catch (error) {
          done(error as Error);
        }
      },
    });
    server.maxConnections = ingressLimits.connections;
    server.on('connection', (socket: Socket) => this.#clients.add(socket));
    server.on('secureConnection', (socket: TLSSocket) => {
      const isHttp2 = socket.alpnProtocol === 'h2';
      (isHttp2 ? this.#http2 : this.#http1).emit('connection', socket);
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return server;
  }
}

async function listen(server: Server, where: Listening): Promise<void> {
  const listening = once(server, 'listening');
  server.listen({ ...where, backlog: 511 });
  await listening;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}
