import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ApiClient } from '../api/client/client.ts';
import type { JsonObject } from '../api/json.ts';
import type { Kind } from '../api/kind.ts';
import { ApiError } from '../api/status.ts';
import { limits } from '../base/limits.ts';
import type { Store } from '../store/store.ts';
import type { Upgrade } from '../stream/upgrade.ts';
import { type Api, createApi } from './api.ts';
import { failureOf, sendJson, sendText } from './answer.ts';
import { emptyDefinition } from './custom/empty-definition.ts';
import { discover, discoverAll, unknownPath } from './discovery.ts';
import type { Exchange } from './exchange.ts';
import type { KubeletOptions } from './kubelet/kubelets.ts';
import { keepEventsShort } from './expire-events.ts';
import { serveHealth } from './health.ts';
import { Listener } from './listener.ts';
import { LocalClient } from './local-client.ts';
import { makeNamespaces } from './make-namespaces.ts';
import { chooseDiscovery } from './negotiate.ts';
import type { Restoring } from './restoring.ts';
import { findRoute, type Route } from './route.ts';
import type { Trace } from './security/audit/audit-trail.ts';
import { attributesOfRequest, isWatch } from './security/authorize/attributes.ts';
import type { Security } from './security/security.ts';
import { ServerMetrics } from './server-metrics.ts';
import type { ServiceRanges } from './service-ranges.ts';
import { restorePath } from './serve-backup.ts';
import { serveOpenApi } from './serve-openapi.ts';
import { serveResource } from './serve-resource.ts';
import type { Turns } from './turns.ts';

export interface ApiServerOptions {
  readonly store: Store;
  /** Undefined for all addresses. */
  readonly host: string | undefined;
  /** 0 for any free one. */
  readonly port: number;
  /** Absent: plain HTTP on which everybody may do everything, for tests on loopback alone. */
  readonly security?: Security;
  readonly kubelets?: KubeletOptions;
  /** Where services' addresses are from: 10.96.0.0/16 unless given. */
  readonly serviceRanges?: ServiceRanges;
  /** Where other coordinators write to the store, too. */
  readonly turns?: Turns | undefined;
  /** While the state is being replaced, nobody else changes it. */
  readonly restoring?: Pick<Restoring, 'isUnderWay'>;
}

const version = {
  major: '1',
  minor: '33',
  gitVersion: 'v1.33.0+keelson',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'linux/amd64',
};

const well = async () => undefined;

/** Made once: an exception of its own for each connection's end would cost more than that. */
const closed = new Error('the connection was closed');

/** Serves a path of its own; failures become a Status. */
export type Service = (asked: Pick<Exchange, 'request' | 'response' | 'signal'>) => Promise<void>;

/** Finds what there is to say about the rest of a path. */
export type Page = (rest: string) => JsonObject | undefined | Promise<JsonObject | undefined>;

/** What a request is about, before its path is looked at more closely. */
type Visit = Omit<Exchange, 'route'>;

/** The Kubernetes API over a store. */
export class ApiServer implements AsyncDisposable {
  readonly #listener: Listener;
  readonly #api: Api;
  readonly #security: Security | undefined;
  readonly #metrics: ServerMetrics;
  readonly #restoring: ApiServerOptions['restoring'];
  readonly #ending = new AbortController();
  readonly #pages = new Map<string, Page>();
  readonly #services = new Map<string, Service>();

  private constructor(options: ApiServerOptions) {
    const { store, kubelets, security, turns, serviceRanges } = options;
    this.#security = security;
    this.#restoring = options.restoring;
    this.#metrics = new ServerMetrics(store);
    this.#api = createApi({ store, kubelets, gate: security?.gate, turns, serviceRanges });
    this.#listener = new Listener(security?.serving, {
      onRequest: (request, response) => void this.#serve(request, response),
      onUpgrade: (upgrade) => void this.#serveUpgrade(upgrade),
    });
  }

  /** Makes the namespaces and roles that a cluster starts with, and listens. */
  static async start(options: ApiServerOptions): Promise<ApiServer> {
    const server = new ApiServer(options);
    await makeNamespaces(server.#api);
    await server.#api.definitions.begin(server.#ending.signal, (definition) =>
      emptyDefinition(server.#api, definition),
    );
    await options.security?.prepare(server.client('apiserver'));
    await server.#listener.listen(options.host, options.port);
    keepEventsShort(server.#api, server.#ending.signal);
    return server;
  }

  /** The API without the network, for what runs in this process; `name` manages what it changes. */
  client(name: string): ApiClient {
    return new LocalClient(this.#api, name);
  }

  /**
   * Answers GET below a path (`/debug/x/`) with what `page` finds for the rest of it, or 404. Who
   * asks has to be allowed the path as a nonResourceURL.
   */
  addPage(prefix: string, page: Page): void {
    this.#pages.set(prefix, page);
  }

  /** Has a path served; who asks has to be allowed it as a nonResourceURL. */
  addService(path: string, service: Service): void {
    this.#services.set(path, service);
  }

  /** All that is served now. */
  get #kinds(): readonly Kind[] {
    return this.#api.customs.all;
  }

  /** The state was replaced: what is remembered of it is read anew. */
  forget(): void {
    this.#api.services.forget();
  }

  /** Who this server is to kubelets, from now on. */
  showToKubelets(credential: { readonly certificate: string; readonly key: string }): void {
    this.#api.kubelets.renew(credential);
  }

  /** `https://127.0.0.1:6443` */
  get url(): string {
    return this.#listener.url;
  }

  /** Takes no more, ends watches in order and gives the rest so long to be answered. */
  async close(graceMs: number): Promise<void> {
    this.#ending.abort();
    await this.#listener.close(graceMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close(0);
  }

  /** Until it is passed on, such a request is answered like any other. */
  async #serveUpgrade(upgrade: Upgrade): Promise<void> {
    const { request, socket } = upgrade;
    socket.on('error', () => undefined);
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.once('finish', () => socket.end());
    await this.#serve(request, response, upgrade);
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    upgrade?: Upgrade,
  ): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort(closed));
    const signal = AbortSignal.any([gone.signal, this.#ending.signal]);
    let trace: Trace | undefined;
    try {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const { pathname: path, searchParams: query } = url;
      const route = findRoute(path, (...at) => this.#api.customs.findResource(...at));
      const attributes = attributesOfRequest(request, { route, path, query });
      const watches = isWatch(query);
      this.#metrics.begin({ route, method: request.method ?? '', watches }, response);
      trace = this.#security?.audit?.begin(request, response, attributes);
      const user = await this.#api.gate.authenticate(request);
      if (trace !== undefined) {
        trace.user = user;
        trace.kind = route.to === 'resource' ? route.resource.kind : undefined;
      }
      await this.#api.gate.authorize(user, attributes);
      this.#checkRest(request.method, path);
      this.#security?.inFlight.enter(user, attributes, response);
      const visit = { query, request, response, signal, user };
      await this.#dispatch(route, path, { ...visit, ...(upgrade !== undefined && { upgrade }) });
      endSlowly(response);
    } catch (error) {
      const failure = failureOf(error);
      if (trace !== undefined) trace.failure = failure;
      await this.#fail(response, failure);
    }
  }

  /** Throws `ServiceUnavailable` for what changes something while all is being replaced. */
  #checkRest(method = 'GET', path: string): void {
    if (this.#restoring?.isUnderWay !== true || path === restorePath) return;
    if (method === 'GET' || method === 'HEAD') return;
    const words = 'the cluster is being restored from a backup';
    throw new ApiError('ServiceUnavailable', words, { retryAfterSeconds: 1 });
  }

  async #dispatch(route: Route, path: string, visit: Visit): Promise<void> {
    const { request, response } = visit;
    const method = request.method ?? '';
    if (route.to === 'resource') {
      return await serveResource(this.#api, { route: route.resource, ...visit });
    }
    const document = this.#security?.documents.get(path);
    if (document !== undefined && method === 'GET') return await sendJson(response, 200, document);
    const service = this.#services.get(path);
    if (service !== undefined) return await service(visit);
    const page = method === 'GET' ? await this.#findPage(path) : undefined;
    if (page !== undefined) return await sendJson(response, 200, page);
    if (route.to === 'nothing') throw unknownPath();
    if (request.method !== 'GET')
      throw new ApiError('MethodNotAllowed', 'only GET is allowed here');
    if (route.to === 'plain') return await this.#servePlain(route.name, visit);
    if (route.to === 'discovery') return await this.#serveDiscovery(route.path, request, response);
    await serveOpenApi(this.#kinds, route, visit);
  }

  #findPage(path: string): ReturnType<Page> {
    for (const [prefix, page] of this.#pages) {
      if (path.startsWith(prefix)) return page(path.slice(prefix.length));
    }
    return undefined;
  }

  async #serveDiscovery(
    path: readonly string[],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const form = chooseDiscovery(request.headers.accept);
    if (path.length > 1 || form === 'plain') {
      const address = new URL(this.url).host;
      await sendJson(response, 200, discover(path, address, this.#kinds));
      return;
    }
    const type = `application/json;g=apidiscovery.k8s.io;v=${form};as=APIGroupDiscoveryList`;
    response.setHeader('Content-Type', type);
    await sendJson(response, 200, discoverAll(path[0] ?? '', form, this.#kinds));
  }

  async #servePlain(name: string, visit: Visit): Promise<void> {
    const { response } = visit;
    if (name === 'version') return await sendJson(response, 200, version);
    if (name === 'metrics') return sendText(response, 200, await this.#metrics.text());
    const { store } = this.#api.registry;
    const etcd = async () => void (await store.currentRevision());
    // Who cannot reach the store is not made well by being started again.
    const checks = new Map(
      name === 'livez'
        ? [['ping', well]]
        : [
            ['ping', well],
            ['etcd', etcd],
          ],
    );
    await serveHealth(name, visit, checks);
  }

  async #fail(response: ServerResponse, error: unknown): Promise<void> {
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const failure = failureOf(error);
    const { retryAfterSeconds } = failure.details;
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
    await sendJson(response, failure.code, failure.toStatus());
  }
}

/** Who does not take an answer holds its memory only so long. */
function endSlowly(response: ServerResponse): void {
  if (!response.writableEnded || response.writableFinished) return;
  const timer = setTimeout(() => response.destroy(), limits.apiAnswerMs);
  response.once('close', () => clearTimeout(timer));
}
