import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Logger } from '../../base/log.ts';
import { limits } from '../../base/limits.ts';

/** What a load balancer outside asks each node: has it an endpoint of this Service. */
export interface HealthCheck {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  readonly localEndpoints: number;
}

interface Listener {
  check: HealthCheck;
  readonly server: Server;
}

/**
 * The HTTP servers of `healthCheckNodePort`: 200 while there is an endpoint on this node, 503 when
 * there is none, with the body that kube-proxy gives.
 */
export class HealthChecks implements AsyncDisposable {
  readonly #listeners = new Map<number, Listener>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Opens, changes and closes what differs. A port that somebody has is said once, and left. */
  set(checks: readonly HealthCheck[]): void {
    const wanted = new Map(checks.map((check) => [check.port, check]));
    for (const [port, { server }] of this.#listeners) {
      if (!wanted.has(port)) this.#close(port, server);
    }
    for (const [port, check] of wanted) {
      const known = this.#listeners.get(port);
      if (known === undefined) this.#listen(check);
      else known.check = check;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.set([]);
    return Promise.resolve();
  }

  #close(port: number, server: Server): void {
    server.close();
    server.closeAllConnections();
    this.#listeners.delete(port);
  }

  #listen(check: HealthCheck): void {
    const server = createServer({ requestTimeout: limits.monitorRequestMs }, (_, response) => {
      answer(response, listener.check);
    });
    const listener: Listener = { check, server };
    server.maxConnections = limits.monitorConnections;
    server.keepAliveTimeout = limits.monitorIdleMs;
    server.on('error', (error) => {
      this.#log.warn({ err: error }, `No health check on port ${check.port}`);
    });
    server.listen(check.port);
    server.unref();
    this.#listeners.set(check.port, listener);
  }
}

function answer(response: ServerResponse, { namespace, name, localEndpoints }: HealthCheck): void {
  const headers = {
    'Content-Type': 'application/json',
    'X-Content-Type-Options': 'nosniff',
    'X-Load-Balancing-Endpoint-Weight': String(localEndpoints),
  };
  response.writeHead(localEndpoints > 0 ? 200 : 503, headers);
  const service = { namespace, name };
  response.end(JSON.stringify({ service, localEndpoints, serviceProxyHealthy: true }));
}
