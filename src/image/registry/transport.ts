import type { Readable } from 'node:stream';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import type { ImageSettings } from '../settings.ts';
import { certificateIdentity, secureContextFor } from './certificate.ts';
import { proxyFor } from './proxy.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | Readable;
  readonly signal?: AbortSignal;
  readonly dialTimeoutMs: number;
  readonly skipVerify?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  readonly url: URL;
  /** '' where the response has no such header; the first one where it has several. */
  header(name: string): string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Dispatcher.ResponseData['body'];
}

/**
 * One HTTP exchange at a time, without redirects or credentials of its own; connections are kept.
 */
export interface Transport {
  send(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** The settings are asked for at each exchange. */
export function openTransport(current: () => ImageSettings): Transport {
  const agents = new Map<string, Dispatcher>();
  const agentFor = (request: HttpRequest): Dispatcher => {
    const settings = current();
    const key = agentKey(request, settings);
    const agent = agents.get(key) ?? makeAgent(request, settings);
    agents.set(key, agent);
    return agent;
  };
  return {
    send: (request) => exchange(agentFor(request), request),
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
      agents.clear();
    },
  };
}

/** Hosts without certificates of their own share an agent, so redirects make no new ones. */
function agentKey(
  { url, dialTimeoutMs, skipVerify }: HttpRequest,
  settings: ImageSettings,
): string {
  const identity = url.protocol === 'https:' ? certificateIdentity(url.host, settings) : 'http';
  const limits = `${dialTimeoutMs} ${settings.stallTimeoutMs}`;
  return `${limits} ${skipVerify ?? false} ${proxyFor(url) ?? ''} ${identity}`;
}

function makeAgent(
  { url, dialTimeoutMs, skipVerify }: HttpRequest,
  settings: ImageSettings,
): Dispatcher {
  const secure = { rejectUnauthorized: !(skipVerify ?? false) };
  const tls =
    url.protocol === 'https:'
      ? { ...secure, secureContext: secureContextFor(url.host, settings) }
      : {};
  const common = {
    connections: 16,
    headersTimeout: settings.stallTimeoutMs,
    bodyTimeout: settings.stallTimeoutMs,
    keepAliveTimeout: 30_000,
    maxHeaderSize: 32 * 1024,
  };
  const proxy = proxyFor(url);
  if (proxy === undefined) {
    return new Agent({ ...common, connect: { timeout: dialTimeoutMs, ...tls } });
  }
  return new ProxyAgent({ ...common, uri: proxy, requestTls: { ...tls, timeout: dialTimeoutMs } });
}

async function exchange(agent: Dispatcher, request: HttpRequest): Promise<HttpResponse> {
  const { url, method, headers, body, signal } = request;
  const response = await agent.request({
    origin: url.origin,
    path: url.pathname + url.search,
    method,
    headers: { 'user-agent': 'keelson', ...headers },
    body: body ?? null,
    signal: signal ?? null,
  });
  return {
    status: response.statusCode,
    url,
    headers: response.headers,
    header: (name) => firstOf(response.headers[name]),
    body: response.body,
  };
}

function firstOf(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? '';
}
