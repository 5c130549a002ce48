import type { Draft, JsonObject } from '../../api/json.ts';
import type { Api } from '../api.ts';
import type { Place } from '../registry.ts';
import { fillIngressClass } from './ingress-class.ts';
import { checkLimits, fillLimits } from './limit-range.ts';
import { admitNamespace } from './namespace.ts';
import { admitPod } from './pod.ts';
import { admitRuntimeClass } from './runtime-class.ts';
import { admitServiceAccount } from './service-account.ts';
import { fillStorageClass } from './storage-class.ts';

/** What a new object gets from the cluster that it is made in, before it is checked. */
export async function admitNew(api: Api, place: Place, object: Draft): Promise<void> {
  await admitNamespace(api, place);
  if (place.kind.builtIn === 'PersistentVolumeClaim') await fillStorageClass(api, object);
  if (place.kind.builtIn === 'Ingress') await fillIngressClass(api, object);
  if (place.kind.builtIn !== 'Pod') return;
  await admitServiceAccount(api, place, object);
  await fillLimits(api, place, object);
  await admitRuntimeClass(api, place, object);
  await admitPod(api, place, object);
}

/** What the cluster does not let it be, once it is right by itself. */
export async function checkNew(api: Api, place: Place, object: JsonObject): Promise<void> {
  await checkLimits(api, place, object);
}
