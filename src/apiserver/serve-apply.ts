import { applyConfiguration } from '../api/apply/manage.ts';
import { readCustom } from '../api/custom/read-custom.ts';
import { fromStored } from '../api/convert/convert.ts';
import type { JsonObject } from '../api/json.ts';
import { typeOfKind } from '../api/schema/schema.ts';
import { ApiError } from '../api/status.ts';
import type { Api, WriteOptions } from './api.ts';
import { sendJson } from './answer.ts';
import { authorNow } from './author.ts';
import { type Exchange, placeOfRoute, presentationOf } from './exchange.ts';
import { presentObject } from './present.ts';
import { decodeApplied, readBody } from './read-body.ts';
import { attributesOf } from './security/authorize/attributes.ts';
import { createObject } from './verb/create.ts';
import { updateObject } from './verb/update.ts';
import { checkFields, readWriteOptions } from './write-options.ts';

export const applyType = 'application/apply-patch+yaml';

/** `kubectl apply --server-side`: makes the object where there is none. */
export async function serveApply(api: Api, exchange: Exchange): Promise<void> {
  const presentation = presentationOf(api, exchange);
  const { request, response, route, query } = exchange;
  const options = readWriteOptions(exchange);
  if ((query.get('fieldManager') ?? '') === '') throw noManager();
  const received = decodeApplied(await readBody(request), route.kind);
  checkFields(received, options);
  const { object, created } = await applyObject(api, exchange, {
    applied: received.object,
    options,
    force: query.get('force') === 'true',
  });
  await sendJson(response, created ? 201 : 200, presentObject(presentation, object));
}

function noManager(): ApiError {
  const words = 'fieldManager: Required value: is required for apply patch';
  return new ApiError('Invalid', `PatchOptions.meta.k8s.io "" is invalid: ${words}`);
}

interface Application {
  readonly applied: JsonObject;
  readonly options: WriteOptions;
  readonly force: boolean;
}

async function applyObject(
  api: Api,
  { route, user, query }: Exchange,
  { applied, options, force }: Application,
): Promise<{ object: JsonObject; created: boolean }> {
  const { kind, namespace, name, subresource } = route;
  const author = authorNow(options, { kind, subresource: subresource ?? '', now: api.now() });
  const over = (live: JsonObject) => {
    const merged = applyConfiguration(typeOfKind(kind), { live, applied }, { author, force });
    return kind.custom === undefined ? merged : readCustom(kind.custom.schema, merged).value;
  };
  const update = {
    place: placeOfRoute(route),
    subresource,
    change: async (old: JsonObject) => over(old),
    fromStored: (object: JsonObject) => fromStored(kind, object),
    manages: true,
  };
  try {
    return { object: await updateObject(api, update, options), created: false };
  } catch (error) {
    const absent = error instanceof ApiError && error.reason === 'NotFound';
    if (!absent || subresource !== undefined) throw error;
  }
  await api.gate.authorize(user, { ...attributesOf(route, 'POST', query), name: '' });
  const metadata = { ...(applied['metadata'] as JsonObject | undefined), name };
  const object = over({});
  const made = { ...object, metadata: { ...metadata, ...(object['metadata'] as JsonObject) } };
  const request = { kind, namespace, object: made, manages: true };
  return { object: await createObject(api, request, options), created: true };
}
