import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiClient } from '../api/client/client.ts';
import { findKind } from '../api/kinds.ts';
import { ApiError } from '../api/status.ts';
import type { Store } from '../store/store.ts';
import type { Api } from './api.ts';
import { failureOf, sendJson, sendText } from './answer.ts';
import { discover, discoverAll, unknownPath } from './discovery.ts';
import { LocalClient } from './local-client.ts';
import { chooseDiscovery } from './negotiate.ts';
import { openApiIndex, openApiText } from './openapi.ts';
import { openApiV2, openApiV2Bytes } from './openapi-v2.ts';
import { Registry } from './registry.ts';
import { findRoute, type Route } from './route.ts';
import { serveResource } from './serve-resource.ts';
import { ServiceAddresses } from './service-addresses.ts';
import { createObject } from './verb/create.ts';

export interface ApiServerOptions {
  readonly store: Store;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
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

const firstNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/**
 * The Kubernetes API over a store, without authentication yet: for tests, on loopback alone.
 */
export class ApiServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #api: Api;
  readonly #ending = new AbortController();

  private constructor(store: Store) {
    this.#api = {
      registry: new Registry(store),
      services: new ServiceAddresses(store),
      now: () => new Date(),
    };
    this.#server = createServer((request, response) => {
      void this.#serve(request, response);
    });
  }

  /** Listens, and makes the namespaces that a cluster starts with. */
  static async start({ store, host, port }: ApiServerOptions): Promise<ApiServer> {
    const server = new ApiServer(store);
    await server.#makeNamespaces();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.#server.once('error', reject).listen(port, host, resolve);
    await promise;
    return server;
  }

  /** The API without the network, for what runs in this process; `name` manages what it changes. */
  client(name: string): ApiClient {
    return new LocalClient(this.#api, name);
  }

  /** `http://127.0.0.1:6443` */
  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  async #makeNamespaces(): Promise<void> {
    const kind = findKind('v1', 'Namespace');
    if (kind === undefined) throw new Error('no kind Namespace');
    const options = {
      dryRun: false,
      fieldManager: 'keelson',
      fieldValidation: 'Ignore',
      warn: () => undefined,
    } as const;
    for (const name of firstNamespaces) {
      const object = { metadata: { name } };
      await createObject(this.#api, { kind, namespace: '', object }, options).catch(
        (error: unknown) => {
          if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
        },
      );
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#ending.signal]);
    try {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const exchange = { query: url.searchParams, request, response, signal };
      await this.#dispatch(findRoute(url.pathname), exchange);
    } catch (error) {
      await this.#fail(response, error);
    }
  }

  async #dispatch(
    route: Route,
    exchange: {
      query: URLSearchParams;
      request: IncomingMessage;
      response: ServerResponse;
      signal: AbortSignal;
    },
  ): Promise<void> {
    const { request, response } = exchange;
    if (route.to === 'resource') {
      return await serveResource(this.#api, { route: route.resource, ...exchange });
    }
    if (route.to === 'nothing') throw unknownPath();
    if (request.method !== 'GET')
      throw new ApiError('MethodNotAllowed', 'only GET is allowed here');
    if (route.to === 'plain') return this.#servePlain(route.name, response);
    if (route.to === 'discovery') return await this.#serveDiscovery(route.path, request, response);
    if (route.version === 'v2') return await this.#serveOpenApiV2(request, response);
    await sendJson(
      response,
      200,
      route.document === '' ? openApiIndex() : openApiText(route.document),
    );
  }

  async #serveDiscovery(
    path: readonly string[],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const form = chooseDiscovery(request.headers.accept);
    if (path.length > 1 || form === 'plain') {
      const address = this.url.slice('http://'.length);
      await sendJson(response, 200, discover(path, address));
      return;
    }
    const type = `application/json;g=apidiscovery.k8s.io;v=${form};as=APIGroupDiscoveryList`;
    response.setHeader('Content-Type', type);
    await sendJson(response, 200, discoverAll(path[0] ?? '', form));
  }

  async #serveOpenApiV2(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers.accept?.includes('proto-openapi.spec.v2') !== true) {
      await sendJson(response, 200, openApiV2());
      return;
    }
    const type = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
    response.writeHead(200, { 'Content-Type': type });
    response.end(openApiV2Bytes());
  }

  #servePlain(name: string, response: ServerResponse): void {
    if (name === 'version') void sendJson(response, 200, version);
    else if (name === 'metrics') throw unknownPath();
    else sendText(response, 200, 'ok');
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
