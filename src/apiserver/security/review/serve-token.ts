import { isList, type JsonObject, objectIn, textOf } from '../../../api/json.ts';
import { findKind } from '../../../api/kinds.ts';
import { messageType } from '../../../api/schema/schema.ts';
import { badRequest, conflict, forbidden, notFound } from '../../../api/status.ts';
import { writeTime } from '../../../api/time.ts';
import { type Fault, invalid, invalidObject } from '../../../api/validate/fault.ts';
import { sendJson } from '../../answer.ts';
import type { Api } from '../../api.ts';
import { type Exchange, placeOfRoute } from '../../exchange.ts';
import { readMessage } from '../../read-message.ts';
import type { Place } from '../../registry.ts';
import { deletionOf, uidOf } from '../authenticate/objects.ts';
import { type BoundObject, type BoundWord, issuer } from '../authenticate/service-account-token.ts';
import { nodeOf, type User } from '../user.ts';

const hourSeconds = 3600;
const leastSeconds = 600;
const mostSeconds = 2 ** 32;
const requestType = messageType('authentication.v1.TokenRequest');

const boundWords: Readonly<Record<string, BoundWord>> = {
  Pod: 'pod',
  Secret: 'secret',
  Node: 'node',
};

/** `serviceaccounts/NAME/token`: `kubectl create token`, and what kubelets put into pods. */
export async function serveToken(api: Api, exchange: Exchange): Promise<void> {
  const { request, response, route, user } = exchange;
  const sent = await readMessage(request, requestType);
  await sendJson(response, 201, await requestToken(api, placeOfRoute(route), { sent, user }));
}

/** A TokenRequest with its token. */
export async function requestToken(
  api: Api,
  place: Place,
  { sent, user }: { readonly sent: JsonObject; readonly user: User },
): Promise<JsonObject> {
  const spec = objectIn(sent, 'spec');
  const seconds = spec['expirationSeconds'] ?? hourSeconds;
  checkSeconds(place, seconds);
  const lifetimeSeconds = Number(seconds);
  const account = await api.registry.get(place);
  const bound = await boundTo(api, place, objectIn(spec, 'boundObjectRef'));
  checkNodeAsks(place, { user, bound });
  const given = isList(spec['audiences']) ? spec['audiences'].map(textOf) : [];
  const audiences = given.length > 0 ? given : [issuer];
  const now = api.now();
  const { namespace, name } = place;
  const plan = { namespace, account: { name, uid: uidOf(account) }, audiences, lifetimeSeconds };
  const token = api.gate.issueToken({ ...plan, bound }, now);
  const end = Math.floor(now.getTime() / 1000) + lifetimeSeconds;
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: writeTime(Math.floor(now.getTime() / 1000)) },
    spec: {
      audiences,
      expirationSeconds: lifetimeSeconds,
      boundObjectRef: spec['boundObjectRef'] ?? null,
    },
    status: { token, expirationTimestamp: writeTime(end) },
  };
}

function checkSeconds({ name }: Place, seconds: unknown): void {
  const path = 'spec.expirationSeconds';
  const faults: Fault[] = [];
  const value = typeof seconds === 'number' ? seconds : 0;
  if (value < leastSeconds) {
    faults.push(invalid(path, value, 'may not specify a duration less than 10 minutes'));
  } else if (value > mostSeconds) {
    faults.push(invalid(path, value, 'may not specify a duration larger than 2^32 seconds'));
  }
  if (faults.length === 0) return;
  throw invalidObject({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, name, faults);
}

/** What the token shall end with, as it is now. */
async function boundTo(
  api: Api,
  place: Place,
  { kind: kindName, name: given, uid }: JsonObject,
): Promise<Partial<Record<BoundWord, BoundObject>>> {
  const name = textOf(given);
  if (name === '') return {};
  const word = boundWords[textOf(kindName)];
  const kind = word === undefined ? undefined : findKind('v1', textOf(kindName));
  if (word === undefined || kind === undefined) {
    throw badRequest(`cannot bind token to object of type ${textOf(kindName)}`);
  }
  const namespace = kind.namespaced ? place.namespace : '';
  const object = await api.registry.find({ kind, namespace, name });
  if (object === undefined || deletionOf(object) !== undefined) throw notFound(kind, name);
  if (textOf(uid) !== '' && uid !== uidOf(object)) {
    const why =
      `the UID in the bound object reference (${textOf(uid)}) does not match the UID in ` +
      `record. The object might have been deleted and then recreated`;
    throw conflict(kind, name, why);
  }
  const bound = { [word]: { name, uid: uidOf(object) } };
  return word === 'pod' ? { ...bound, ...(await nodeOfPod(api, place, object)) } : bound;
}

async function nodeOfPod(
  api: Api,
  { name: account }: Place,
  pod: JsonObject,
): Promise<Partial<Record<BoundWord, BoundObject>>> {
  const spec = objectIn(pod, 'spec');
  if (spec['serviceAccountName'] !== account) {
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with ` +
        'different serviceaccount name.',
    );
  }
  const kind = findKind('v1', 'Node');
  const name = textOf(spec['nodeName']);
  if (kind === undefined || name === '') return {};
  const node = await api.registry.find({ kind, namespace: '', name });
  return { node: { name, uid: node === undefined ? '' : uidOf(node) } };
}

/** A kubelet gets tokens for its pods alone, which end with them. */
function checkNodeAsks(
  place: Place,
  { user, bound }: { user: User; bound: Partial<Record<BoundWord, BoundObject>> },
): void {
  const node = nodeOf(user);
  if (node === '') return;
  if (bound.pod === undefined) {
    throw forbidden(place.kind, place.name, 'node requested token not bound to a pod');
  }
  if (bound.node?.name !== node) {
    const why = 'node requested token bound to a pod scheduled on a different node';
    throw forbidden(place.kind, place.name, why);
  }
}
