import { fromStored } from '../api/convert/convert.ts';
import type { JsonObject } from '../api/json.ts';
import { storedKind } from '../api/kinds.ts';
import { badRequest, expired, notFound } from '../api/status.ts';
import { limits } from '../base/limits.ts';
import { CompactedError } from '../store/error.ts';
import type { PastChange } from '../store/store.ts';
import type { Api } from './api.ts';
import { sendJson } from './answer.ts';
import { type Exchange, naturalIn, presentationOf } from './exchange.ts';
import { decodeObject } from './object-text.ts';
import { presentEntry } from './present.ts';
import { keyOf } from './registry.ts';

/**
 * `GET …/NAME/history`: the newest `limit` changes of an object that are still kept, also when it
 * is gone. With `resourceVersion`, or `at` and a time, the object as it was then. It is a
 * subresource of its own because who may read a secret may not have been allowed to before: roles
 * grant `secrets/history`, and of the default ones only cluster-admin does.
 */
export async function serveHistory(api: Api, exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const revision = naturalIn(query, 'resourceVersion');
  const at = query.get('at') ?? '';
  if (revision > 0 && at !== '') throw badRequest('at and resourceVersion exclude each other');
  try {
    if (at !== '') return await serveThen(api, exchange, await revisionAt(api, at));
    if (revision > 0) return await serveThen(api, exchange, revision);
    return await serveChanges(api, exchange);
  } catch (error) {
    if (error instanceof CompactedError) throw expired(`The past is not kept: ${error.message}`);
    throw error;
  }
}

async function revisionAt({ registry }: Api, at: string): Promise<number> {
  const timeMs = Date.parse(at);
  if (Number.isNaN(timeMs)) throw badRequest(`at: ${JSON.stringify(at)} is no time of RFC 3339`);
  return await registry.store.revisionAt(timeMs);
}

async function serveThen(api: Api, exchange: Exchange, revision: number): Promise<void> {
  const presentation = presentationOf(api, exchange);
  const { entry } = await api.registry.store.get(keyIn(exchange), { revision });
  const { kind, name } = exchange.route;
  if (entry === undefined) throw notFound(kind, name);
  await sendJson(exchange.response, 200, presentEntry(presentation, entry));
}

async function serveChanges(api: Api, exchange: Exchange): Promise<void> {
  const { store } = api.registry;
  const limit = naturalIn(exchange.query, 'limit');
  const changes = await store.history(keyIn(exchange), {
    limit: limit === 0 ? limits.storeHistoryChanges : limit,
  });
  const { kind, name } = exchange.route;
  if (changes.length === 0) throw notFound(kind, name);
  const { revision, oldestRevision } = await store.statistics();
  await sendJson(exchange.response, 200, {
    kind: 'ObjectHistory',
    apiVersion: 'history.keelson/v1',
    metadata: { resourceVersion: String(revision) },
    oldestResourceVersion: String(oldestRevision),
    items: changes.map((change) => itemOf(exchange, change)),
  });
}

/** A deletion comes with what was deleted. */
function itemOf({ route }: Exchange, change: PastChange): JsonObject {
  const { revision, created, timeMs, deleted } = change;
  const event = deleted ? 'DELETED' : revision === created ? 'ADDED' : 'MODIFIED';
  return {
    type: event,
    resourceVersion: String(revision),
    ...(timeMs !== undefined && { time: new Date(timeMs).toISOString() }),
    object: fromStored(route.kind, decodeObject(change)),
  };
}

function keyIn({ route: { kind, namespace, name } }: Exchange): string {
  return keyOf({ kind: storedKind(kind), namespace, name });
}
