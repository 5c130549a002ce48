import type { HealthCheck } from './health.ts';
import type { JsonObject } from '../api/json.ts';
import { notFound } from '../api/status.ts';
import { messageOf } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import type { Api } from './api.ts';
import type { Exchange } from './exchange.ts';
import { sendMeasured } from './send-measured.ts';

/** `kubectl get componentstatuses`: how the parts of the control plane are, asked now. */
export async function serveComponents(api: Api, exchange: Exchange): Promise<void> {
  const { route, response } = exchange;
  response.setHeader('Warning', '299 - "v1 ComponentStatus is deprecated in v1.19+"');
  if (route.name !== '') {
    const check = checksOf(api).get(route.name);
    if (check === undefined) throw notFound(route.kind, route.name);
    return await sendMeasured(api, exchange, [await statusOf(route.name, check)]);
  }
  const checks = [...checksOf(api)];
  const objects = await Promise.all(checks.map(([name, check]) => statusOf(name, check)));
  await sendMeasured(api, exchange, objects);
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
  return { metadata: { name }, conditions: [condition] };
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
