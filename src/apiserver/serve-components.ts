import type { HealthCheck } from './health.ts';
import type { JsonObject } from '../api/json.ts';
import { notFound } from '../api/status.ts';
import { messageOf } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import type { Api } from './api.ts';
import { sendJson } from './answer.ts';
import { type Exchange, presentationOf } from './exchange.ts';
import { encodeObject } from './object-text.ts';
import { presentList, presentObject } from './present.ts';

/** Says `ok`, or why not, about a part of the cluster that has no object of its own. */
/** `kubectl get componentstatuses`: how the parts of the control plane are, asked now. */
export async function serveComponents(api: Api, exchange: Exchange): Promise<void> {
  const { route, response } = exchange;
  const presentation = presentationOf(api, exchange);
  response.setHeader('Warning', '299 - "v1 ComponentStatus is deprecated in v1.19+"');
  if (route.name !== '') {
    const check = checksOf(api).get(route.name);
    if (check === undefined) throw notFound(route.kind, route.name);
    const object = await statusOf(route.name, check);
    return await sendJson(response, 200, presentObject(presentation, object));
  }
  const objects = await Promise.all(
    [...checksOf(api)].map(([name, check]) => statusOf(name, check)),
  );
  const entries = objects.map((object) => ({
    key: '',
    value: encodeObject(route.kind, object),
    revision: 0,
    created: 0,
  }));
  await sendJson(response, 200, presentList(presentation, {}, entries));
}

function checksOf({ registry, components }: Api): ReadonlyMap<string, HealthCheck> {
  const store = async () => void (await registry.store.currentRevision());
  return new Map([...components, ['etcd-0', store]]);
}

async function statusOf(name: string, check: HealthCheck): Promise<JsonObject> {
  const failure = await failureOf(check);
  const healthy = failure === undefined;
  const condition = {
    type: 'Healthy',
    status: healthy ? 'True' : 'False',
    message: failure ?? 'ok',
  };
  return {
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    metadata: { name },
    conditions: [condition],
  };
}

async function failureOf(check: HealthCheck): Promise<string | undefined> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = setTimeout(() => reject(new Error('no answer')), limits.apiHealthMs);
  try {
    await Promise.race([check(), promise]);
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    clearTimeout(late);
  }
}
