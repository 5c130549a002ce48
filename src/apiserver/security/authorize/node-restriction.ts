import { equal, isList, isObject, type JsonObject, objectIn, textOf } from '../../../api/json.ts';
import { ApiError, forbidden } from '../../../api/status.ts';
import { localFolder } from '../../../api/local-folder.ts';
import type { WriteAttempt } from '../gate.ts';
import { nodeOf } from '../user.ts';
import { referencesOf } from './pod-references.ts';

const sameName = 'the same name as the requesting node';
const mirrorAnnotation = 'kubernetes.io/config.mirror';

/**
 * Keeps a kubelet to its own: its Node, the pods bound to it, its lease. Who breaks out of a
 * container must not make other nodes attractive or this one trusted. Throws `Forbidden`.
 */
export function checkNode(attempt: WriteAttempt): void {
  const node = nodeOf(attempt.user);
  if (node === '') return;
  const { builtIn: kind } = attempt.place.kind;
  if (kind === 'Pod') checkPod(node, attempt);
  else if (kind === 'Node') checkOwnNode(node, attempt);
  else if (kind === 'PersistentVolume') checkVolume(node, attempt);
  else if (kind === 'Lease' || kind === 'CSINode') checkName(node, attempt);
}

function refuse({ place }: WriteAttempt, why: string): ApiError {
  return forbidden(place.kind, place.name, why);
}

function checkName(node: string, attempt: WriteAttempt): void {
  const { place } = attempt;
  const isOwn = place.kind.kind === 'CSINode' || place.namespace === 'kube-node-lease';
  if (place.name === node && isOwn) return;
  const { kind, plural } = place.kind;
  const why =
    kind === 'Lease'
      ? `can only access ${plural} in the "kube-node-lease" system namespace with ${sameName}`
      : `can only access ${kind} with ${sameName}`;
  throw refuse(attempt, why);
}

function checkPod(node: string, attempt: WriteAttempt): void {
  const { operation, object, old, subresource } = attempt;
  if (operation === 'create' && object !== undefined) return checkMirror(node, attempt, object);
  if (old === undefined || textOf(objectIn(old, 'spec')['nodeName']) === node) {
    if (operation === 'update' && object !== undefined && old !== undefined) {
      checkLabels(attempt, object, old);
    }
    return;
  }
  const what = subresource === undefined ? operation : `${operation} ${subresource} of`;
  throw refuse(attempt, `node "${node}" can only ${what} pods with spec.nodeName set to itself`);
}

function checkLabels(attempt: WriteAttempt, object: JsonObject, old: JsonObject): void {
  const [now, before] = [objectIn(object, 'metadata'), objectIn(old, 'metadata')];
  if (equal(now['labels'] ?? {}, before['labels'] ?? {})) return;
  throw refuse(attempt, 'cannot update labels through pod status');
}

/** A node tells of its static pods, and makes no others. */
function checkMirror(node: string, attempt: WriteAttempt, pod: JsonObject): void {
  const metadata = objectIn(pod, 'metadata');
  if (objectIn(metadata, 'annotations')[mirrorAnnotation] === undefined) {
    const lacks = `pod does not have "${mirrorAnnotation}" annotation`;
    const why = `${lacks}, node "${node}" can only create mirror pods`;
    throw refuse(attempt, why);
  }
  const spec = objectIn(pod, 'spec');
  if (textOf(spec['nodeName']) !== node) {
    throw refuse(attempt, `node "${node}" can only create pods with spec.nodeName set to itself`);
  }
  const owners = isList(metadata['ownerReferences']) ? metadata['ownerReferences'] : [];
  const isForeign = (owner: unknown) =>
    !isObject(owner as JsonObject) ||
    (owner as JsonObject)['kind'] !== 'Node' ||
    (owner as JsonObject)['name'] !== node;
  if (owners.some(isForeign)) {
    throw refuse(
      attempt,
      `node "${node}" can only create pods with an owner reference set to itself`,
    );
  }
  for (const reference of referencesOf(pod)) {
    const [resource = ''] = reference.split('/');
    // Admission names the default account in every pod; a mirror has no token of it.
    if (resource === 'serviceaccounts') continue;
    throw refuse(attempt, `node "${node}" can not create pods that reference ${resource}`);
  }
}

function checkOwnNode(node: string, attempt: WriteAttempt): void {
  const { place, operation, object, old } = attempt;
  if (place.name !== node) {
    throw refuse(attempt, `node "${node}" is not allowed to modify node "${place.name}"`);
  }
  if (operation === 'delete')
    throw refuse(attempt, `node "${node}" is not allowed to delete itself`);
  if (object === undefined) return;
  const changed = changedLabels(object, old);
  const barred = changed.filter(isBarred);
  if (barred.length > 0) {
    const verb = operation === 'create' ? 'set' : 'modify';
    const why = `is not allowed to ${verb} the following labels: ${barred.join(', ')}`;
    throw refuse(attempt, `node "${node}" ${why}`);
  }
  if (old === undefined) return;
  if (!isSameIn('spec', 'taints', [object, old])) {
    throw refuse(attempt, `node "${node}" is not allowed to modify taints`);
  }
  if (!isSameIn('metadata', 'ownerReferences', [object, old])) {
    throw refuse(attempt, `node "${node}" is not allowed to modify ownerReferences`);
  }
}

/** A node says whether the folder of a volume is there, by one finalizer; all else stays. */
function checkVolume(node: string, attempt: WriteAttempt): void {
  const { operation, object, old } = attempt;
  const why = `node "${node}" can only change the finalizer "${localFolder.finalizer}"`;
  if (operation !== 'update' || object === undefined || old === undefined) {
    throw refuse(attempt, why);
  }
  if (!equal(withoutOwn(object), withoutOwn(old))) throw refuse(attempt, why);
}

/** What a node may not change: all but its finalizer, and what the server writes itself. */
function withoutOwn(volume: JsonObject): JsonObject {
  const {
    managedFields: _fields,
    resourceVersion: _version,
    ...metadata
  } = objectIn(volume, 'metadata');
  const finalizers = isList(metadata['finalizers']) ? metadata['finalizers'] : [];
  const others = finalizers.filter((one) => one !== localFolder.finalizer);
  // Only one of the two has its kind written.
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = volume;
  return { ...rest, metadata: { ...metadata, finalizers: others } };
}

function isSameIn(
  part: string,
  field: string,
  [object, old]: readonly [JsonObject, JsonObject],
): boolean {
  return equal(objectIn(object, part)[field] ?? [], objectIn(old, part)[field] ?? []);
}

function changedLabels(object: JsonObject, old: JsonObject | undefined): string[] {
  const now = objectIn(objectIn(object, 'metadata'), 'labels');
  const before = objectIn(objectIn(old, 'metadata'), 'labels');
  const all = new Set([...Object.keys(now), ...Object.keys(before)]);
  return [...all].filter((key) => now[key] !== before[key]).toSorted();
}

/** Labels of Kubernetes' own that a kubelet sets; the others say where pods may trust to run. */
const kubeletLabels = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.kubernetes.io/region',
  'failure-domain.kubernetes.io/zone',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);

function isBarred(label: string): boolean {
  const domain = label.includes('/') ? (label.split('/')[0] ?? '') : '';
  if (isWithin(domain, 'node-restriction.kubernetes.io')) return true;
  if (!isWithin(domain, 'kubernetes.io') && !isWithin(domain, 'k8s.io')) return false;
  const isKubelets =
    isWithin(domain, 'kubelet.kubernetes.io') || isWithin(domain, 'node.kubernetes.io');
  return !isKubelets && !kubeletLabels.has(label);
}

function isWithin(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}
