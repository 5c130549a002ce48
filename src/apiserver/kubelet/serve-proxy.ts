import type { IncomingHttpHeaders } from 'node:http';
import { type JsonObject, objectIn, textOf } from '../../api/json.ts';
import { findKind } from '../../api/kinds.ts';
import { ApiError, badRequest } from '../../api/status.ts';
import { entries } from '../../api/validate/check.ts';
import { messageOf } from '../../base/error.ts';
import type { Api } from '../api.ts';
import type { Exchange } from '../exchange.ts';
import { locateService } from './locate-service.ts';
import { passBack, passOn } from './pass-on.ts';
import { passUpgrade } from './pass-upgrade.ts';
import { splitProxyName } from './proxy-name.ts';
import type { Target } from './target.ts';

/** `proxy` of a node, pod or service: passes the request on to it. */
export async function serveProxy(api: Api, exchange: Exchange): Promise<void> {
  const { request, response, upgrade, signal, route } = exchange;
  const target = await locate(api, exchange);
  if (!api.kubelets.reachable(target.host)) throw badRequest('address not allowed');
  if (upgrade !== undefined) return await passUpgrade(api.kubelets, target, { upgrade, signal });
  // Relative links of a page need the slash at the end.
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
  if (route.rest === '' && request.method === 'GET') {
    return void response.writeHead(301, { Location: `${pathname}/${search}` }).end();
  }
  const { method = 'GET' } = request;
  const passed = { target, method, headers: introduced(exchange), body: request, signal };
  const answer = await passOn(api.kubelets, passed).catch((error: unknown) => {
    const words = `error trying to reach service: ${messageOf(error)}`;
    throw new ApiError('ServiceUnavailable', words);
  });
  const prefix = pathname.slice(0, pathname.length - route.rest.length);
  await passBack(answer, response, (own) => withLocation(own, prefix, target));
}

async function locate(api: Api, { route, request }: Exchange): Promise<Target> {
  const { search } = new URL(request.url ?? '/', 'http://localhost');
  const path = (route.rest === '' ? '/' : route.rest) + search;
  const asked = { ...splitProxyName(route.name), path };
  const place = { kind: route.kind, namespace: route.namespace, name: asked.name };
  if (route.kind.builtIn === 'Service') return await locateService(api, place, asked);
  if (route.kind.builtIn === 'Node') return await locateNode(api, asked);
  const pod = await api.registry.get(place);
  const host = textOf(objectIn(pod, 'status')['podIP']);
  const port = asked.port === '' ? firstPort(pod) : Number(asked.port);
  if (host === '') throw badRequest(`pod ${asked.name} does not have an address`);
  if (!(port > 0 && port < 65_536)) throw badRequest(`invalid port ${JSON.stringify(asked.port)}`);
  return { tls: asked.scheme === 'https', host, port, path };
}

interface Asked {
  readonly scheme: string;
  readonly name: string;
  readonly port: string;
  readonly path: string;
}

async function locateNode(api: Api, { scheme, name, port, path }: Asked): Promise<Target> {
  const kind = findKind('v1', 'Node');
  if (kind === undefined) throw new Error('no kind Node');
  const node = await api.registry.get({ kind, namespace: '', name });
  const kubelet = api.kubelets.targetOf(node, path);
  if (port === '' || Number(port) === kubelet.port) return kubelet;
  if (!/^\d{1,5}$/.test(port)) throw badRequest(`invalid port ${JSON.stringify(port)}`);
  return { tls: scheme === 'https', host: kubelet.host, port: Number(port), path };
}

function firstPort(pod: JsonObject): number {
  for (const container of entries(objectIn(pod, 'spec')['containers'])) {
    const port = entries(container['ports'])[0]?.['containerPort'];
    if (typeof port === 'number') return port;
  }
  return 80;
}

/** Who asked, as proxies tell. */
function introduced({ request }: Exchange): IncomingHttpHeaders {
  const { headers, socket } = request;
  const before = headers['x-forwarded-for'];
  const from = socket.remoteAddress ?? '';
  return {
    ...headers,
    'x-forwarded-for': before === undefined ? from : `${String(before)}, ${from}`,
    'x-forwarded-uri': request.url ?? '',
    'x-forwarded-host': headers.host ?? '',
  };
}

/** A redirection within what is passed on to stays within the path here. */
function withLocation(
  own: IncomingHttpHeaders,
  prefix: string,
  target: Target,
): IncomingHttpHeaders {
  const { location } = own;
  if (location === undefined) return own;
  const base = `${target.tls ? 'https' : 'http'}://${target.host}:${target.port}`;
  if (!URL.canParse(location, base)) return own;
  const url = new URL(location, base);
  if (url.origin !== new URL(base).origin || !/^(\/|https?:)/.test(location)) return own;
  return { ...own, location: prefix + url.pathname + url.search + url.hash };
}
