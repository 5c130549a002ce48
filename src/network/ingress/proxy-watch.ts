import type { Duplex } from 'node:stream';
import { MetricRegistry } from '../../base/metric-registry.ts';
import type { Logger } from '../../base/log.ts';
import type { Reply, Request } from './request-types.ts';

interface Begun {
  readonly request: Request;
  readonly reply: Reply;
  /** Empty where no rule fits. */
  readonly ingress: string;
}

const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts what passes, and writes it down where that is wanted. */
export class ProxyWatch {
  readonly registry = new MetricRegistry();
  readonly #log: Logger | undefined;
  readonly #requests;
  readonly #seconds;
  readonly #tunnels;
  #underWay = 0;

  /** `log` is told of each request. */
  constructor(log?: Logger) {
    this.#log = log;
    this.#requests = this.registry.counter({
      name: 'keelson_ingress_requests_total',
      help: 'Requests by Ingress and the code of their answer',
      labels: ['ingress', 'code'],
    });
    this.#seconds = this.registry.histogram(
      {
        name: 'keelson_ingress_request_duration_seconds',
        help: 'Time from a request until its answer was sent',
        labels: ['ingress'],
      },
      bounds,
    );
    this.#tunnels = this.registry.gauge({
      name: 'keelson_ingress_tunnels',
      help: 'Upgraded connections that are open',
      labels: ['ingress'],
    });
    this.registry.reading(
      { name: 'keelson_ingress_requests_under_way', help: 'Requests that are not answered yet' },
      () => Promise.resolve(this.#underWay),
    );
  }

  get underWay(): number {
    return this.#underWay;
  }

  begin({ request, reply, ingress }: Begun): void {
    const start = performance.now();
    this.#underWay += 1;
    const client = request.socket.remoteAddress ?? '';
    reply.once('close', () => {
      this.#underWay -= 1;
      const seconds = (performance.now() - start) / 1000;
      // 499 is nginx's: the client left before its answer.
      const code = String(reply.writableFinished ? reply.statusCode : 499);
      this.#requests.add(1, [ingress, code]);
      this.#seconds.observe(seconds, [ingress]);
      if (this.#log === undefined) return;
      const { method, url, headers } = request;
      const host = headers[':authority'] ?? headers.host;
      this.#log.info({ client, method, host, url, code, seconds, ingress }, 'request');
    });
  }

  tunnel(socket: Duplex, ingress: string): void {
    const count = (change: number): void => this.#tunnels.add(change, [ingress]);
    this.#underWay += 1;
    count(1);
    socket.once('close', () => {
      this.#underWay -= 1;
      count(-1);
    });
  }
}
