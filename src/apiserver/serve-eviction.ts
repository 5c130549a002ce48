import { objectIn, textOf } from '../api/json.ts';
import { messageType } from '../api/schema/schema.ts';
import { badRequest } from '../api/status.ts';
import type { Api } from './api.ts';
import { sendJson } from './answer.ts';
import { type Exchange, placeOfRoute } from './exchange.ts';
import { readMessage } from './read-message.ts';
import { success } from './serve-binding.ts';
import { readDeletion } from './verb/delete.ts';
import { evictPod } from './verb/evict.ts';

/** `pods/NAME/eviction`: what `kubectl drain` asks for. */
export async function serveEviction(api: Api, exchange: Exchange): Promise<void> {
  const { request, response, route, query, user } = exchange;
  const eviction = await readMessage(request, messageType('policy.v1.Eviction'));
  const name = textOf(objectIn(eviction, 'metadata')['name']);
  if (name !== '' && name !== route.name) {
    throw badRequest('name in URL does not match name in Eviction object');
  }
  const deletion = { ...readDeletion(objectIn(eviction, 'deleteOptions'), query), user };
  await evictPod(api, placeOfRoute(route), deletion);
  await sendJson(response, 201, success);
}
