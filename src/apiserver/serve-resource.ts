import { fromStored } from '../api/convert/convert.ts';
import { isObject, type JsonObject, objectIn, textOf } from '../api/json.ts';
import type { Kind, Subresource } from '../api/kind.ts';
import { storedKind } from '../api/kinds.ts';
import { ApiError, badRequest } from '../api/status.ts';
import type { Api } from './api.ts';
import { sendJson } from './answer.ts';
import { verbsOfSubresource } from './discovery.ts';
import { type Exchange, notAllowed, placeOfRoute, presentationOf } from './exchange.ts';
import { serveLog } from './kubelet/serve-log.ts';
import { serveProxy } from './kubelet/serve-proxy.ts';
import { serveStream } from './kubelet/serve-stream.ts';
import { serveMetrics } from './metrics/serve-metrics.ts';
import { decodeObject } from './object-text.ts';
import { presentEntry, presentList, presentObject } from './present.ts';
import {
  decodeBody,
  duplicateKeys,
  mediaType,
  parseJson,
  parseYaml,
  readBody,
} from './read-body.ts';
import { decodeOptions } from './read-options.ts';
import { placeOf } from './registry.ts';
import type { ResourceRoute } from './route.ts';
import { isWatch } from './security/authorize/attributes.ts';
import { serveReview } from './security/review/serve-review.ts';
import { serveToken } from './security/review/serve-token.ts';
import { readSelection } from './selection.ts';
import { applyType, serveApply } from './serve-apply.ts';
import { serveBinding } from './serve-binding.ts';
import { serveComponents } from './serve-components.ts';
import { serveEviction } from './serve-eviction.ts';
import { serveHistory } from './serve-history.ts';
import { serveList } from './serve-list.ts';
import { serveScale } from './serve-scale.ts';
import { serveWatch } from './serve-watch.ts';
import { createObject } from './verb/create.ts';
import { deleteObject, type Deletion, readDeletion } from './verb/delete.ts';
import { listObjects } from './verb/list.ts';
import { applyPatch, patchTypeOf } from './verb/patch.ts';
import { updateObject } from './verb/update.ts';
import { checkFields, checkPatch, readWriteOptions } from './write-options.ts';

/** Subresources that are no part of the object. */
const handlers: Partial<Record<Subresource, (api: Api, exchange: Exchange) => Promise<void>>> = {
  scale: serveScale,
  binding: serveBinding,
  eviction: serveEviction,
  log: serveLog,
  exec: serveStream,
  attach: serveStream,
  portforward: serveStream,
  proxy: serveProxy,
  token: serveToken,
  history: serveHistory,
};

export async function serveResource(api: Api, exchange: Exchange): Promise<void> {
  const { route, request } = exchange;
  const { kind, subresource } = route;
  checkMethod(exchange);
  warnOfDeprecation(exchange);
  const handler = subresource === undefined ? undefined : handlers[subresource];
  if (handler !== undefined) return await handler(api, exchange);
  if (kind.builtIn === 'Binding') return await serveBinding(api, exchange);
  if (kind.measured) return await measured(kind)(api, exchange);
  if (kind.virtual) return await serveReview(api, exchange);
  const single = route.name !== '';
  if (request.method === 'GET') return await (single ? serveGet : serveCollection)(api, exchange);
  if (request.method === 'POST' && !single) return await serveCreate(api, exchange);
  if (request.method === 'PUT' && single) return await servePut(api, exchange);
  if (request.method === 'PATCH' && single) {
    const applies = mediaType(request) === applyType;
    return await (applies ? serveApply : servePatch)(api, exchange);
  }
  if (request.method === 'DELETE') {
    return await (single ? serveDelete : serveDeleteCollection)(api, exchange);
  }
  throw notAllowed();
}

function warnOfDeprecation({ route, response }: Exchange): void {
  const { custom } = route.kind;
  if (custom?.deprecation === undefined) return;
  response.setHeader('Warning', [`299 - ${JSON.stringify(custom.deprecation)}`]);
}

function measured({ kind }: Kind): (api: Api, exchange: Exchange) => Promise<void> {
  return kind === 'ComponentStatus' ? serveComponents : serveMetrics;
}

/** A subresource has verbs of its own. */
function checkMethod({ route, request }: Exchange): void {
  const { subresource } = route;
  if (subresource === undefined) return;
  const verb = verbOfMethod[request.method ?? ''];
  if (subresource === 'proxy' || (verb !== undefined && allows(subresource, verb))) return;
  throw notAllowed();
}

const verbOfMethod: Readonly<Record<string, string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

function allows(subresource: Subresource, verb: string): boolean {
  return verbsOfSubresource(subresource).includes(verb);
}

async function serveGet(api: Api, exchange: Exchange): Promise<void> {
  const presentation = presentationOf(api, exchange);
  const { kind, namespace, name } = exchange.route;
  const entry = await api.registry.entry({ kind: storedKind(kind), namespace, name });
  await sendJson(exchange.response, 200, presentEntry(presentation, entry));
}

async function serveCollection(api: Api, exchange: Exchange): Promise<void> {
  if (isWatch(exchange.query)) await serveWatch(api, exchange);
  else await serveList(api, exchange);
}

async function serveCreate(api: Api, exchange: Exchange): Promise<void> {
  const presentation = presentationOf(api, exchange);
  const { request, response, route } = exchange;
  const options = readWriteOptions(exchange);
  const received = decodeBody(mediaType(request), await readBody(request), route.kind);
  checkFields(received, options);
  const { kind, object } = received;
  const created = await createObject(api, { kind, namespace: route.namespace, object }, options);
  await sendJson(response, 201, presentObject(presentation, created));
}

async function servePut(api: Api, exchange: Exchange): Promise<void> {
  const presentation = presentationOf(api, exchange);
  const { request, response, route } = exchange;
  const options = readWriteOptions(exchange);
  const received = decodeBody(mediaType(request), await readBody(request), route.kind);
  checkFields(received, options);
  checkNamed(received.object, route);
  const updated = await updateObject(
    api,
    {
      place: { ...placeOfRoute(route), kind: received.kind },
      subresource: route.subresource,
      change: async () => received.object,
      fromStored: (object) => object,
    },
    options,
  );
  await sendJson(response, 200, presentObject(presentation, updated));
}

function checkNamed(object: JsonObject, { name }: ResourceRoute): void {
  if (textOf(objectIn(object, 'metadata')['name']) !== '') return;
  throw badRequest(
    `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
  );
}

async function servePatch(api: Api, exchange: Exchange): Promise<void> {
  const presentation = presentationOf(api, exchange);
  const { request, response, route } = exchange;
  const options = readWriteOptions(exchange);
  const type = patchTypeOf(mediaType(request), route.kind);
  const text = (await readBody(request)).toString('utf8');
  const document = parseJson(text);
  const duplicates = duplicateKeys(text);
  let isTold = false;
  const updated = await updateObject(
    api,
    {
      place: placeOfRoute(route),
      subresource: route.subresource,
      change: async (old) => {
        const { value, unknown } = applyPatch(route.kind, old, { type, document });
        // Who is told once is not told again when somebody else was faster.
        if (!isTold) checkPatch({ kind: route.kind, unknown, duplicates }, text, options);
        isTold = true;
        return value;
      },
      fromStored: (object) => fromStored(route.kind, object),
    },
    options,
  );
  await sendJson(response, 200, presentObject(presentation, updated));
}

async function serveDelete(api: Api, exchange: Exchange): Promise<void> {
  const presentation = presentationOf(api, exchange);
  const { route, response } = exchange;
  const deletion = await readDeletionOf(exchange);
  const { object, gone } = await deleteObject(api, placeOfRoute(route), deletion);
  // What is held is answered with itself, and so are pods: their end can be waited for.
  if (!gone || route.kind.builtIn === 'Pod') {
    return await sendJson(response, 200, presentObject(presentation, object));
  }
  await sendJson(response, 200, deletedStatus(object, route));
}

function deletedStatus(object: JsonObject, { kind, name }: ResourceRoute): JsonObject {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const { group, plural } = kind;
  const details = { name, ...(group !== '' && { group }), kind: plural, uid: metadata['uid'] };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

async function serveDeleteCollection(api: Api, exchange: Exchange): Promise<void> {
  const presentation = presentationOf(api, exchange);
  const { route, query, response } = exchange;
  const deletion = await readDeletionOf(exchange);
  const { kind, namespace } = route;
  const selection = readSelection(kind, query);
  const whole = { limit: 0, continuation: undefined, revision: 0, match: '' } as const;
  const { entries, revision } = await listObjects(api, { kind, namespace, selection, ...whole });
  for (const entry of entries) {
    const place = placeOf(kind, decodeObject(entry));
    // Somebody else may delete beside.
    await deleteObject(api, place, deletion).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
    });
  }
  const metadata = { resourceVersion: String(revision) };
  await sendJson(response, 200, presentList(presentation, metadata, entries));
}

async function readDeletionOf({ request, query, user }: Exchange): Promise<Deletion> {
  const body = await readBody(request);
  const options = body.length === 0 ? {} : readDeleteOptions(mediaType(request), body);
  return { ...readDeletion(options, query), user };
}

function readDeleteOptions(type: string, body: Buffer): JsonObject {
  if (type === 'application/vnd.kubernetes.protobuf') return decodeOptions(body);
  const text = body.toString('utf8');
  const document = type === 'application/yaml' ? parseYaml(text) : parseJson(text);
  return isObject(document) ? document : {};
}
