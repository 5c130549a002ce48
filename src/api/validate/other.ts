import { isObject, type Json, type JsonObject } from '../json.ts';
import { amounts, atLeast, between, type CheckTable, oneOf } from './check.ts';
import { type Fault, invalid, required, tooLong } from './fault.ts';
import { configKey } from './name.ts';

const largestConfig = 1024 * 1024;
const largestPriority = 1_000_000_000;

export const otherChecks: CheckTable = {
  'core.v1.ConfigMap': { whole: [configDataRight] },
  'core.v1.Secret': { whole: [configDataRight] },
  'core.v1.ResourceQuotaSpec': { fields: { hard: [amounts] } },
  'core.v1.LimitRangeSpec': { optional: ['limits'] },
  'core.v1.PersistentVolumeSpec': {
    fields: {
      persistentVolumeReclaimPolicy: [oneOf('Retain', 'Delete', 'Recycle')],
      volumeMode: [oneOf('Filesystem', 'Block')],
      capacity: [amounts],
    },
    whole: [hasAccessModes, hasStorage],
  },
  'core.v1.PersistentVolumeClaimSpec': {
    fields: { volumeMode: [oneOf('Filesystem', 'Block')] },
    whole: [hasAccessModes],
  },
  'core.v1.Taint': { fields: { effect: [oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute')] } },
  'storage.v1.StorageClass': {
    fields: {
      reclaimPolicy: [oneOf('Retain', 'Delete')],
      volumeBindingMode: [oneOf('Immediate', 'WaitForFirstConsumer')],
    },
  },
  'storage.v1.CSINodeSpec': { optional: ['drivers'] },
  'scheduling.v1.PriorityClass': {
    fields: { preemptionPolicy: [oneOf('Never', 'PreemptLowerPriority')] },
    whole: [priorityAllowed],
    optional: ['value'],
  },
  'coordination.v1.LeaseSpec': {
    fields: { leaseDurationSeconds: [atLeast(1)], leaseTransitions: [atLeast(0)] },
  },
  'autoscaling.v2.HorizontalPodAutoscalerSpec': {
    fields: { maxReplicas: [atLeast(1)], minReplicas: [atLeast(1)] },
    whole: [replicasInOrder],
  },
  'policy.v1.PodDisruptionBudgetSpec': { whole: [oneBound] },
  'rbac.v1.RoleRef': { fields: { kind: [oneOf('Role', 'ClusterRole')] } },
  'rbac.v1.Subject': { fields: { kind: [oneOf('ServiceAccount', 'User', 'Group')] } },
  'authentication.v1.TokenRequestSpec': {
    fields: { expirationSeconds: [between(600, 2 ** 32)] },
    optional: ['audiences'],
  },
};

function configDataRight(object: JsonObject): Fault[] {
  const faults: Fault[] = [];
  let size = 0;
  for (const field of ['data', 'binaryData', 'stringData']) {
    const map = object[field];
    if (!isObject(map)) continue;
    for (const [key, value] of Object.entries(map)) {
      faults.push(...configKey(key).map((words) => invalid(`${field}[${key}]`, key, words)));
      size += typeof value === 'string' ? Buffer.byteLength(value) : 0;
    }
  }
  return size > largestConfig ? [...faults, tooLong('', largestConfig)] : faults;
}

function hasAccessModes({ accessModes }: JsonObject, path: string): Fault[] {
  const modes = Array.isArray(accessModes) ? (accessModes as Json[]) : [];
  if (modes.length === 0) {
    return [required(`${path}.accessModes`, 'at least 1 access mode is required')];
  }
  const known = oneOf('ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod');
  return modes.flatMap((mode) => [...known(mode, `${path}.accessModes`, {})]);
}

function hasStorage({ capacity }: JsonObject, path: string): Fault[] {
  return isObject(capacity) && capacity['storage'] !== undefined
    ? []
    : [required(`${path}.capacity`)];
}

function priorityAllowed(object: JsonObject): Fault[] {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const name = metadata['name'];
  const { value } = object;
  if (typeof value !== 'number' || value <= largestPriority) return [];
  if (typeof name === 'string' && name.startsWith('system-')) return [];
  const words = `maximum allowed value of a user defined priority is ${largestPriority}`;
  return [invalid('value', value, words)];
}

function replicasInOrder({ minReplicas, maxReplicas }: JsonObject, path: string): Fault[] {
  if (typeof minReplicas !== 'number' || typeof maxReplicas !== 'number') return [];
  if (maxReplicas >= minReplicas) return [];
  const words = 'must be greater than or equal to `minReplicas`';
  return [invalid(`${path}.maxReplicas`, maxReplicas, words)];
}

function oneBound({ minAvailable, maxUnavailable }: JsonObject, path: string): Fault[] {
  if (minAvailable === undefined || maxUnavailable === undefined) return [];
  return [invalid(path, {}, 'minAvailable and maxUnavailable cannot be both set')];
}
