import type { IncomingMessage } from 'node:http';
import { decodeProtobuf, openEnvelope } from '../api/decode-protobuf.ts';
import { isObject, type JsonObject } from '../api/json.ts';
import type { Kind } from '../api/kind.ts';
import { storedKind } from '../api/kinds.ts';
import { messageType } from '../api/schema/schema.ts';
import { badRequest } from '../api/status.ts';
import type { Api } from './api.ts';
import { sendJson } from './answer.ts';
import { type Exchange, notAllowed, placeOfRoute } from './exchange.ts';
import { mediaType, parseJson, readBody } from './read-body.ts';
import { applyPatchTo, patchTypeOf } from './verb/patch.ts';
import { customScaleOf, withCustomScale } from './verb/custom-scale.ts';
import { scaleOf as plainScaleOf, withScale as withPlainScale } from './verb/scale.ts';
import { updateObject } from './verb/update.ts';
import { readWriteOptions } from './write-options.ts';

const scaleType = messageType('autoscaling.v1.Scale');

/** `…/scale`: the number of replicas as an object of its own. */
export async function serveScale(api: Api, exchange: Exchange): Promise<void> {
  const { request, response, route } = exchange;
  const kind = storedKind(route.kind);
  const place = { ...placeOfRoute(route), kind };
  const { scaleOf, withScale } = formOf(route.kind);
  if (request.method === 'GET') {
    return await sendJson(response, 200, scaleOf(await api.registry.get(place)));
  }
  if (request.method !== 'PUT' && request.method !== 'PATCH') throw notAllowed();
  const options = readWriteOptions(exchange);
  const change = await readScaleChange(request);
  const updated = await updateObject(
    api,
    {
      place,
      subresource: undefined,
      change: async (old) => withScale(old, change(scaleOf(old))),
      fromStored: (object) => object,
    },
    options,
  );
  await sendJson(response, 200, scaleOf(updated));
}

/** A definition says where its objects have their number. */
function formOf({ custom }: Kind) {
  const paths = custom?.scale;
  if (paths === undefined) return { scaleOf: plainScaleOf, withScale: withPlainScale };
  return {
    scaleOf: (object: JsonObject) => customScaleOf(paths, object),
    withScale: (object: JsonObject, scale: JsonObject) => withCustomScale(paths, object, scale),
  };
}

async function readScaleChange(request: IncomingMessage): Promise<(old: JsonObject) => JsonObject> {
  const body = await readBody(request);
  const media = mediaType(request);
  if (media === 'application/vnd.kubernetes.protobuf') {
    const sent = decodeProtobuf(scaleType, openEnvelope(body).raw);
    return () => sent;
  }
  const document = parseJson(body.toString('utf8'));
  if (request.method === 'PATCH') {
    const type = patchTypeOf(media);
    return (old) => applyPatchTo(scaleType, old, { type, document });
  }
  if (!isObject(document)) throw badRequest('the body of the request is no object');
  return () => document;
}
