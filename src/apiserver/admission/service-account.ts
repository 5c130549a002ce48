import { type Draft, isList, isObject, type Json, type JsonObject } from '../../api/json.ts';
import { objectIn, textOf } from '../../api/json.ts';
import type { Kind } from '../../api/kind.ts';
import { findKind } from '../../api/kinds.ts';
import { forbidden } from '../../api/status.ts';
import { entries } from '../../api/validate/check.ts';
import type { Api } from '../api.ts';
import { generateName } from '../metadata.ts';
import { metadataOf } from '../object-text.ts';
import type { Place } from '../registry.ts';

const mirror = 'kubernetes.io/config.mirror';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';

/** A little more than an hour: kubelets renew it at four fifths. */
const tokenSeconds = 3607;

/**
 * Gives a pod its service account, which has to be there, with its token as a volume and its
 * secrets for pulling images.
 */
export async function admitServiceAccount(api: Api, place: Place, pod: Draft): Promise<void> {
  // A static pod has no account: its mirror is but a picture.
  if (objectIn(metadataOf(pod), 'annotations')[mirror] !== undefined) return;
  const spec = pod['spec'] as Draft;
  const name = textOf(spec['serviceAccountName']) || 'default';
  spec['serviceAccountName'] = name;
  spec['serviceAccount'] = name;
  const { namespace } = place;
  const account = await api.registry.find({ kind: accountKind(), namespace, name });
  if (account === undefined) {
    const why =
      `error looking up service account ${namespace}/${name}: ` +
      `serviceaccount "${name}" not found`;
    throw forbidden(place.kind, place.name, why);
  }
  if (mountsToken(spec, account)) addToken(spec);
  const secrets = account['imagePullSecrets'];
  if (isFilled(secrets) && !isFilled(spec['imagePullSecrets'])) {
    spec['imagePullSecrets'] = structuredClone(secrets);
  }
}

function isFilled(list: Json | undefined): list is readonly Json[] {
  return isList(list) && list.length > 0;
}

function mountsToken(spec: JsonObject, account: JsonObject): boolean {
  const own = spec['automountServiceAccountToken'];
  return (own ?? account['automountServiceAccountToken'] ?? true) === true;
}

function addToken(spec: Draft): void {
  const volumes = isList(spec['volumes']) ? spec['volumes'] : [];
  const known = volumes.find(
    (volume) => isObject(volume) && textOf(volume['name']).startsWith(volumePrefix),
  );
  const name = isObject(known) ? textOf(known['name']) : generateName(volumePrefix);
  let added = false;
  for (const field of ['containers', 'initContainers']) {
    for (const container of entries(spec[field])) added = mountIn(container, name) || added;
  }
  if (added && known === undefined) spec['volumes'] = [...volumes, tokenVolume(name)];
}

/** False where something else is mounted there already. */
function mountIn(container: Draft, name: string): boolean {
  const mounts = isList(container['volumeMounts']) ? container['volumeMounts'] : [];
  if (mounts.some((mount) => isObject(mount) && mount['mountPath'] === mountPath)) return false;
  container['volumeMounts'] = [...mounts, { name, readOnly: true, mountPath }];
  return true;
}

function tokenVolume(name: string): JsonObject {
  const fieldRef = { apiVersion: 'v1', fieldPath: 'metadata.namespace' };
  const sources = [
    { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [{ path: 'namespace', fieldRef }] } },
  ];
  return { name, projected: { sources, defaultMode: 420 } };
}

function accountKind(): Kind {
  const kind = findKind('v1', 'ServiceAccount');
  if (kind === undefined) throw new Error('no kind ServiceAccount');
  return kind;
}
