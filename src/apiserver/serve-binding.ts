import { objectIn, textOf } from '../api/json.ts';
import type { Kind } from '../api/kind.ts';
import { findKind } from '../api/kinds.ts';
import { messageType } from '../api/schema/schema.ts';
import { badRequest } from '../api/status.ts';
import type { Api } from './api.ts';
import { sendJson } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { readMessage } from './read-message.ts';
import { bindPod } from './verb/bind.ts';
import { readWriteOptions } from './write-options.ts';

/** `pods/NAME/binding`, and `bindings`, where schedulers of old name the pod in the body. */
export async function serveBinding(api: Api, exchange: Exchange): Promise<void> {
  const { request, response, route } = exchange;
  const options = readWriteOptions(exchange);
  const binding = await readMessage(request, messageType('core.v1.Binding'));
  const given = textOf(objectIn(binding, 'metadata')['name']);
  const name = route.name === '' ? given : route.name;
  if (given !== '' && given !== name) {
    throw badRequest('name in URL does not match name in Binding object');
  }
  const place = { kind: podKind(), namespace: route.namespace, name };
  await bindPod(api, { place, binding }, options);
  await sendJson(response, 201, success);
}

export const success = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  code: 201,
};

function podKind(): Kind {
  const kind = findKind('v1', 'Pod');
  if (kind === undefined) throw new Error('no kind Pod');
  return kind;
}
