import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import type { Duplex } from 'node:stream';
import { BackendPools } from './backend-pools.ts';
import type { EndpointSource } from './endpoint-source.ts';
import { Exchange } from './exchange.ts';
import { forwardHeaders, type Origin } from './forward-headers.ts';
import { answerPlainly, redirect } from './plain-answer.ts';
import type { ProxyWatch } from './proxy-watch.ts';
import type { Reply, Request } from './request-types.ts';
import { readTarget, type RequestTarget } from './request-target.ts';
import type { RoutingTable } from './routing-table.ts';
import { openTunnel, refuse } from './tunnel.ts';

export interface ProxyOptions {
  readonly endpoints: EndpointSource;
  readonly watch: ProxyWatch;
}

/** Between a server that has read a request and the endpoint that answers it. */
export class Proxy implements AsyncDisposable {
  /** Of the rules now. */
  table: RoutingTable;
  readonly pools = new BackendPools();
  readonly #endpoints: EndpointSource;
  readonly #watch: ProxyWatch;

  constructor(table: RoutingTable, { endpoints, watch }: ProxyOptions) {
    this.table = table;
    this.#endpoints = endpoints;
    this.#watch = watch;
  }

  serve(request: Request, reply: Reply): void {
    request.on('error', () => undefined);
    const target = targetOf(request);
    if (target === undefined) {
      this.#watch.begin({ request, reply, ingress: '' });
      return answerPlainly(reply, 400);
    }
    const route = this.table.find(target.host, target.path);
    this.#watch.begin({ request, reply, ingress: route?.ingress ?? '' });
    if (request.method === 'TRACE') return answerPlainly(reply, 405);
    if (route === undefined) return answerUnrouted(target, reply);
    const origin = originOf(request, target);
    if (route.redirectsToTls && origin.scheme === 'http' && this.table.isEncrypted(target.host)) {
      return redirect(reply, `https://${target.host}${target.text}`);
    }
    const length = Number(request.headers['content-length'] ?? 0);
    if (route.bodyBytes > 0 && length > route.bodyBytes) return answerPlainly(reply, 413);
    const headers = forwardHeaders(request.rawHeaders, origin);
    if (headers === undefined) return answerPlainly(reply, 400);
    const endpoints = this.#endpoints.endpointsOf(route);
    if (endpoints.length === 0) return answerPlainly(reply, 503);
    const passage = { route, endpoints, path: target.text, headers };
    new Exchange(passage, this.pools, { request, reply }).start();
  }

  /** A request to speak another protocol. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const target = targetOf(request);
    const headers = target && forwardHeaders(request.rawHeaders, originOf(request, target));
    if (target === undefined || headers === undefined) return refuse(socket, '400 Bad Request');
    const route = this.table.find(target.host, target.path);
    if (route === undefined) return refuse(socket, '404 Not Found');
    const endpoints = this.pools.ordered(this.#endpoints.endpointsOf(route));
    if (endpoints.length === 0) return refuse(socket, '503 Service Unavailable');
    this.#watch.tunnel(socket, route.ingress);
    openTunnel({ request, socket, head, endpoints, path: target.text, headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pools[Symbol.asyncDispose]();
  }
}

function targetOf({ url = '', headers }: Request): RequestTarget | undefined {
  const pseudo = headers[':authority'];
  const authority = typeof pseudo === 'string' ? pseudo : (headers.host ?? '');
  return readTarget(url, authority);
}

/** Outside all rules: load balancers ask whether anybody is there. */
function answerUnrouted({ path }: RequestTarget, reply: Reply): void {
  if (path !== '/healthz') return answerPlainly(reply, 404);
  reply.statusCode = 200;
  reply.end();
}

function originOf({ socket }: Request, { authority }: RequestTarget): Origin {
  const address = socket.remoteAddress ?? '';
  const mapped = address.startsWith('::ffff:') ? address.slice(7) : address;
  return {
    client: isIPv4(mapped) ? mapped : address,
    authority,
    scheme: 'encrypted' in socket ? 'https' : 'http',
    port: socket.localPort ?? 0,
  };
}
