import {
  isList,
  isObject,
  type Json,
  type JsonObject,
  objectIn,
  textOf,
} from '../../../api/json.ts';

/** What a pod's node has to read for it, as `secrets/default/token`. */
export function referencesOf(pod: JsonObject): ReadonlySet<string> {
  const namespace = textOf(objectIn(pod, 'metadata')['namespace']);
  const spec = objectIn(pod, 'spec');
  const found = new Set<string>();
  const add = (resource: string, name: Json | undefined) => {
    if (textOf(name) !== '') found.add(`${resource}/${namespace}/${textOf(name)}`);
  };
  add('serviceaccounts', spec['serviceAccountName']);
  for (const { name } of objectsIn(spec, 'imagePullSecrets')) add('secrets', name);
  for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
    for (const container of objectsIn(spec, list)) addEnvironment(container, add);
  }
  for (const volume of objectsIn(spec, 'volumes')) addVolume(volume, { add, pod });
  return found;
}

type Add = (resource: string, name: Json | undefined) => void;

function addEnvironment(container: JsonObject, add: Add): void {
  for (const source of objectsIn(container, 'envFrom')) {
    add('configmaps', objectIn(source, 'configMapRef')['name']);
    add('secrets', objectIn(source, 'secretRef')['name']);
  }
  for (const variable of objectsIn(container, 'env')) {
    const from = objectIn(variable, 'valueFrom');
    add('configmaps', objectIn(from, 'configMapKeyRef')['name']);
    add('secrets', objectIn(from, 'secretKeyRef')['name']);
  }
}

/** Where a volume's own secret stands: `nodePublishSecretRef` of `csi`, for one. */
const secretFields = [
  ['azureFile', 'secretName'],
  ['cephfs', 'secretRef'],
  ['cinder', 'secretRef'],
  ['csi', 'nodePublishSecretRef'],
  ['flexVolume', 'secretRef'],
  ['iscsi', 'secretRef'],
  ['rbd', 'secretRef'],
  ['scaleIO', 'secretRef'],
  ['storageos', 'secretRef'],
] as const;

function addVolume(
  volume: JsonObject,
  { add, pod }: { readonly add: Add; readonly pod: JsonObject },
): void {
  add('configmaps', objectIn(volume, 'configMap')['name']);
  add('secrets', objectIn(volume, 'secret')['secretName']);
  add('persistentvolumeclaims', objectIn(volume, 'persistentVolumeClaim')['claimName']);
  // A claim of the pod's own is called after both.
  if (isObject(volume['ephemeral'])) {
    const name = textOf(objectIn(pod, 'metadata')['name']);
    add('persistentvolumeclaims', `${name}-${textOf(volume['name'])}`);
  }
  for (const [field, inner] of secretFields) {
    const value = objectIn(volume, field)[inner];
    add('secrets', isObject(value) ? value['name'] : value);
  }
  for (const source of objectsIn(objectIn(volume, 'projected'), 'sources')) {
    add('configmaps', objectIn(source, 'configMap')['name']);
    add('secrets', objectIn(source, 'secret')['name']);
  }
}

function objectsIn(owner: JsonObject, field: string): readonly JsonObject[] {
  const list = owner[field];
  return isList(list) ? list.filter((item) => isObject(item)) : [];
}
