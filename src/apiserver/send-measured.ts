import type { JsonObject } from '../api/json.ts';
import { apiVersionOf } from '../api/kind.ts';
import { sendJson } from './answer.ts';
import type { Api } from './api.ts';
import { type Exchange, notAllowed, presentationOf } from './exchange.ts';
import { encodeObject } from './object-text.ts';
import { presentList, presentObject } from './present.ts';

/** Answers with objects that are stored nowhere: the one that was asked for, or a list. */
export async function sendMeasured(
  api: Api,
  exchange: Exchange,
  objects: readonly JsonObject[],
): Promise<void> {
  const { route, response, request } = exchange;
  if (request.method !== 'GET') throw notAllowed();
  const presentation = presentationOf(api, exchange);
  const [only] = objects;
  if (route.name !== '' && only !== undefined) {
    const whole = presentObject(presentation, headed(exchange, only));
    return await sendJson(response, 200, whole);
  }
  const entries = objects.map((object) => ({
    key: '',
    value: encodeObject(route.kind, object),
    revision: 0,
    created: 0,
  }));
  await sendJson(response, 200, presentList(presentation, {}, entries));
}

function headed({ route }: Exchange, object: JsonObject): JsonObject {
  return { kind: route.kind.kind, apiVersion: apiVersionOf(route.kind), ...object };
}
