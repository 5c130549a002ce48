import { randomBytes } from 'node:crypto';
import { chmod, rename, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { DomainError, messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Health } from './health.ts';

export interface MonitorParts {
  /** Prometheus' text format. */
  readonly metrics: () => Promise<string>;
  readonly liveness: Health;
  readonly readiness: Health;
}

interface Reply {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

/** Answers /metrics, /healthz and /readyz to whoever may connect; it changes nothing. */
export class MonitorServer {
  readonly #server: Server;
  #socketPath: string | undefined;
  #scrape: Promise<string> | undefined;

  private constructor(parts: MonitorParts) {
    this.#server = createServer({
      headersTimeout: limits.monitorRequestMs,
      requestTimeout: limits.monitorRequestMs,
      connectionsCheckingInterval: limits.monitorRequestMs,
      maxHeaderSize: limits.streamRequestBytes,
      keepAliveTimeout: limits.monitorIdleMs,
    });
    this.#server.maxConnections = limits.monitorConnections;
    this.#server.on('request', ({ method, url }, response) => {
      void this.#answer(parts, `${method} ${(url ?? '').replace(/\?.*$/, '')}`).then((reply) =>
        send(response, reply),
      );
    });
  }

  /**
   * Listens at an absolute path (0600) or at `127.0.0.1:9471`. Throws DomainError `unavailable`
   * where the address cannot be had.
   */
  static async open(address: string, parts: MonitorParts): Promise<MonitorServer> {
    const server = new MonitorServer(parts);
    try {
      await server.#listen(address);
    } catch (cause) {
      const text = `Cannot answer at "monitor.address" ${address}: ${messageOf(cause)}`;
      throw new DomainError('unavailable', text, { cause });
    }
    return server;
  }

  /** The port, where it has one. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    if (this.#socketPath !== undefined) await rm(this.#socketPath, { force: true });
  }

  async #listen(address: string): Promise<void> {
    if (!address.startsWith('/')) {
      const at = address.lastIndexOf(':');
      const host = address.slice(0, at).replace(/^\[|\]$/g, '');
      await listening(this.#server, { host, port: Number(address.slice(at + 1)) });
      return;
    }
    // It has its mode before it has its name.
    const unnamed = `${address}.${randomBytes(4).toString('hex')}`;
    await listening(this.#server, { path: unnamed });
    await chmod(unnamed, 0o600);
    await rename(unnamed, address);
    this.#socketPath = address;
  }

  async #answer(parts: MonitorParts, asked: string): Promise<Reply> {
    try {
      if (asked === 'GET /metrics') {
        // Who scrapes while a scrape is under way gets the same.
        this.#scrape ??= parts.metrics().finally(() => (this.#scrape = undefined));
        const type = 'text/plain; version=0.0.4; charset=utf-8';
        return { code: 200, type, body: await this.#scrape };
      }
      if (asked === 'GET /healthz' || asked === 'GET /livez') return await judged(parts.liveness);
      if (asked === 'GET /readyz') return await judged(parts.liveness, parts.readiness);
      return { code: 404, type: plain, body: '/metrics, /healthz, /readyz\n' };
    } catch (error) {
      return { code: 500, type: plain, body: `${messageOf(error)}\n` };
    }
  }
}

const plain = 'text/plain; charset=utf-8';

/** A line a check, in the way of Kubernetes' own `?verbose`. */
async function judged(...all: readonly Health[]): Promise<Reply> {
  const reports = await Promise.all(all.map((health) => health.report()));
  const healthy = reports.every((report) => report.healthy);
  const lines = reports.flatMap(({ checks }) =>
    Object.entries(checks).map(([name, result]) =>
      result === 'ok' ? `[+]${name} ok` : `[-]${name} failed: ${result}`,
    ),
  );
  lines.push(healthy ? 'ok' : 'failed', '');
  return { code: healthy ? 200 : 503, type: plain, body: lines.join('\n') };
}

function send(response: ServerResponse, { code, type, body }: Reply): void {
  response.writeHead(code, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' });
  response.end(body);
}

function listening(server: Server, where: object): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, resolve);
  });
}
