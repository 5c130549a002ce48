import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContextOptions, Server as TlsServer } from 'node:tls';
import { DomainError, messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import { withoutCredentials } from '../../base/log-value.ts';
import { bindToRequest } from '../../base/request.ts';
import { refuseUpgrade, type Upgrade } from '../../stream/upgrade.ts';
import { isLoopback, type StreamingSettings, type TlsSettings } from './settings.ts';
import { TokenTable } from './token-table.ts';

/** What a client is connected to; resolves when it is over. */
export type StreamingWork = (upgrade: Upgrade) => Promise<void>;

const kinds = ['exec', 'attach', 'portforward'] as const;
type Kind = (typeof kinds)[number];

interface Waiting {
  readonly kind: Kind;
  readonly work: StreamingWork;
}

const notFound = 'No such stream: it was used, is too old, or never was';

/**
 * The HTTP server behind Exec, Attach and PortForward: each call gets a URL that connects one
 * client, once, within a minute.
 */
export class StreamingServer {
  readonly #tokens = new TokenTable<Waiting>();
  readonly #server: Server;
  readonly #log: Logger;
  readonly #idleMs: number;
  readonly #sockets = new Set<Duplex>();
  #base = '';

  private constructor(settings: StreamingSettings, log: Logger) {
    this.#log = log;
    this.#idleMs = settings.idleMs;
    this.#server = makeServer(settings);
    this.#server.maxConnections = limits.streamConnections;
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#onRequest(request, response),
    );
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#onUpgrade({ request, socket, head }),
    );
  }

  /** Throws DomainError `unavailable` where the address cannot be had. */
  static async open(settings: StreamingSettings, log: Logger): Promise<StreamingServer> {
    const server = new StreamingServer(settings, log);
    await server.#listen(settings);
    return server;
  }

  /** `http://127.0.0.1:41234`, where the server answers. */
  get base(): string {
    return this.#base;
  }

  /** The URL that connects a client to `work`. Throws DomainError `exhausted`. */
  offer(kind: Kind, work: StreamingWork): string {
    const whole = (upgrade: Upgrade): Promise<void> => this.#serve(upgrade, { kind, work });
    return `${this.#base}/${kind}/${this.#tokens.add({ kind, work: bindToRequest(whole) })}`;
  }

  /**
   * Another certificate for connections from now on, where there was one. Throws DomainError
   * `invalid`, with the one before still in use, for a certificate that is none or not the key's.
   */
  renewCertificate(tls: TlsSettings | undefined): void {
    if (!(this.#server instanceof TlsServer) || tls === undefined) return;
    try {
      // A context that cannot be made would leave the server with none.
      createSecureContext(contextOf(tls));
    } catch (cause) {
      throw new DomainError('invalid', '"streaming.certificate" cannot be used', { cause });
    }
    this.#server.setSecureContext(contextOf(tls));
  }

  /** Ends it with all that goes over it. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #listen({ host, port, tls }: StreamingSettings): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen({ host, port }, resolve);
      });
    } catch (cause) {
      const text = `Cannot stream at "streaming.address" ${host}:${port}: ${messageOf(cause)}`;
      throw new DomainError('unavailable', text, { cause });
    }
    const address = this.#server.address();
    const actual = typeof address === 'object' && address !== null ? address.port : port;
    const name = host.includes(':') ? `[${host}]` : host;
    this.#base = `${tls === undefined ? 'http' : 'https'}://${name}:${actual}`;
    this.#server.on('error', (error) => this.#log.error({ err: error }, 'streaming failed'));
    if (isLoopback(host)) return;
    const open = tls?.clientAuthority === undefined ? ' to whoever has a URL' : '';
    this.#log.warn(`streaming answers the network at ${this.#base}${open}`);
  }

  #take(request: IncomingMessage): Waiting | undefined {
    const [, kind, token, ...rest] = (request.url ?? '').replace(/\?.*$/, '').split('/');
    if (token === undefined || rest.length > 0) return undefined;
    const waiting = this.#tokens.take(token);
    return waiting?.kind === kind ? waiting : undefined;
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const known = this.#take(request) !== undefined;
    const text = known ? 'Upgrade request required: SPDY/3.1 or websocket' : notFound;
    response.writeHead(known ? 400 : 404, {
      'Content-Type': 'text/plain; charset=utf-8',
      'X-Content-Type-Options': 'nosniff',
      Connection: 'close',
    });
    response.end(`${text}\n`);
  }

  #onUpgrade(upgrade: Upgrade): void {
    const waiting = this.#take(upgrade.request);
    if (waiting === undefined) return refuseUpgrade(upgrade, { code: 404, message: notFound });
    const socket = upgrade.socket as Socket;
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.setTimeout(this.#idleMs, () => socket.destroy());
    socket.setNoDelay(true);
    socket.setKeepAlive(true, limits.streamKeepAliveMs);
    void waiting.work(upgrade);
  }

  /** Never rejects. */
  async #serve(upgrade: Upgrade, { kind, work }: Waiting): Promise<void> {
    try {
      await work(upgrade);
      this.#log.debug({ kind }, 'stream ended');
    } catch (error) {
      const why = withoutCredentials(messageOf(error));
      this.#log.info({ why, kind }, 'stream failed');
      upgrade.socket.destroy();
    }
  }
}

function makeServer({ tls }: StreamingSettings): Server {
  const bounds = {
    headersTimeout: limits.streamHandshakeMs,
    requestTimeout: limits.streamHandshakeMs,
    connectionsCheckingInterval: limits.streamHandshakeMs / 4,
    maxHeaderSize: limits.streamRequestBytes,
  };
  if (tls === undefined) return createServer(bounds);
  const checks = { requestCert: true, rejectUnauthorized: true };
  return createTlsServer({
    ...bounds,
    handshakeTimeout: limits.streamHandshakeMs,
    ...contextOf(tls),
    ...(tls.clientAuthority === undefined ? {} : checks),
  });
}

function contextOf({ certificate, key, clientAuthority: ca }: TlsSettings): SecureContextOptions {
  return { minVersion: 'TLSv1.2', cert: certificate, key, ...(ca === undefined ? {} : { ca }) };
}
