import type { IncomingMessage, ServerResponse } from 'node:http';
import { isDomainError, messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import { refuseUpgrade, type Upgrade } from '../../stream/upgrade.ts';
import type { ServeKubeletOptions } from './serve-options.ts';
import { accessOf, Authorizer } from './authorize.ts';
import { Authenticator } from './authenticate.ts';
import { pagesOf } from './pages.ts';
import { passStream } from './pass-stream.ts';
import { Refusal } from './refusal.ts';
import { type Route, routeOf } from './route.ts';
import { checkpoint } from './serve-checkpoint.ts';
import { serveLog } from './serve-log.ts';
import { runCommand } from './serve-run.ts';
import { streamUrl } from './serve-stream.ts';

/** Answers requests: who asks, may he, what is it, and then the thing itself. */
export class Answerer {
  readonly #options: ServeKubeletOptions;
  readonly #authenticator: Authenticator;
  readonly #authorizer: Authorizer;
  readonly #pages: ReturnType<typeof pagesOf>;
  readonly #log: Logger;

  constructor(options: ServeKubeletOptions) {
    const { configuration, client, clock, node, log } = options;
    this.#options = options;
    this.#log = log;
    this.#authenticator = new Authenticator(configuration.authentication, client, clock);
    this.#authorizer = new Authorizer({
      configuration: configuration.authorization,
      client,
      clock,
      node: node.name,
    });
    this.#pages = pagesOf(options);
  }

  /** Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { route, query } = await this.#admitted(request);
      await this.#serve(route, query, { request, response });
    } catch (error) {
      const { code, message, allow } = this.#refusalOf(error);
      if (response.headersSent) return void response.destroy();
      response.writeHead(code, {
        'Content-Type': 'text/plain; charset=utf-8',
        // Words of a container are in some: no browser is to take them for a page.
        'X-Content-Type-Options': 'nosniff',
        ...(allow !== undefined && { Allow: allow }),
      });
      response.end(message);
    }
  }

  /** Never rejects; ends the connection. */
  async upgrade(upgrade: Upgrade): Promise<void> {
    try {
      const { route, query } = await this.#admitted(upgrade.request);
      const { configuration } = this.#options;
      if (route.kind !== 'exec' && route.kind !== 'attach' && route.kind !== 'portForward') {
        throw new Refusal(400, 'this speaks no other protocol');
      }
      const url = await streamUrl(this.#options, { ...route, verb: route.kind, query });
      await passStream(upgrade, url, configuration.streamingConnectionIdleTimeout);
    } catch (error) {
      refuseUpgrade(upgrade, this.#refusalOf(error));
    }
  }

  async #admitted(request: IncomingMessage): Promise<{ route: Route; query: URLSearchParams }> {
    const target = request.url ?? '/';
    if (!URL.canParse(target, 'http://kubelet')) throw new Refusal(400, 'Bad Request');
    const { pathname, searchParams: query } = new URL(target, 'http://kubelet');
    const access = accessOf(request.method ?? 'GET', pathname);
    const user = await this.#authenticator.userOf(request);
    if (user === undefined) throw new Refusal(401, 'Unauthorized');
    if (!(await this.#authorizer.allows(user, access))) {
      const { verb, subresources } = access;
      const what = `resource=nodes, subresource(s)=[${subresources.join(' ')}]`;
      throw new Refusal(403, `Forbidden (user=${user.name}, verb=${verb}, ${what})\n`);
    }
    const route = routeOf(pathname);
    if (route === undefined) throw new Refusal(404, '404 page not found');
    const isDebugging =
      route.kind === 'page' ? route.page === 'runningpods' : route.kind !== 'checkpoint';
    if (isDebugging && !this.#options.configuration.enableDebuggingHandlers) {
      throw new Refusal(405, 'Debug endpoints are disabled.');
    }
    return { route, query };
  }

  async #serve(
    route: Route,
    query: URLSearchParams,
    { request, response }: { request: IncomingMessage; response: ServerResponse },
  ): Promise<void> {
    const { method = 'GET' } = request;
    if (route.kind === 'page' || route.kind === 'log') {
      if (method !== 'GET' && method !== 'HEAD') throw notAllowed('GET, HEAD');
    }
    if (route.kind === 'page') {
      const { type, text } = await this.#pages[route.page]();
      response.writeHead(200, { 'Content-Type': type }).end(text);
    } else if (route.kind === 'log') {
      await serveLog(this.#options, { ...route, query }, response);
    } else if (route.kind === 'run') {
      if (method !== 'POST') throw notAllowed('POST');
      const output = await runCommand(this.#options, { ...route, query });
      response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end(output);
    } else if (route.kind === 'checkpoint') {
      if (method !== 'POST') throw notAllowed('POST');
      const text = await checkpoint(this.#options, { ...route, query });
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(text);
    } else {
      throw new Refusal(400, 'Upgrade request required');
    }
  }

  #refusalOf(error: unknown): Pick<Refusal, 'code' | 'message' | 'allow'> {
    if (error instanceof Refusal) return error;
    this.#log.warn(`answering a request: ${messageOf(error)}`);
    if (isDomainError(error, 'denied')) return new Refusal(403, error.message);
    return new Refusal(500, messageOf(error));
  }
}

function notAllowed(methods: string): Refusal {
  return new Refusal(405, '405: Method Not Allowed', methods);
}
