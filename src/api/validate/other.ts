import { isObject, type Json, type JsonObject } from '../json.ts';
import { definitionFaults } from '../custom/definition-faults.ts';
import { amounts, atLeast, between, type CheckTable, oneOf } from './check.ts';
import { type Fault, forbiddenField, invalid, required, tooLong } from './fault.ts';
import { parseQuantity } from '../quantity.ts';
import { configKey } from './name.ts';

const largestConfig = 1024 * 1024;
const largestPriority = 1_000_000_000;

export const otherChecks: CheckTable = {
  'apiextensions.v1.CustomResourceDefinition': { whole: [definitionFaults] },
  'core.v1.ConfigMap': { whole: [configDataRight, keysDistinct] },
  'core.v1.Secret': { whole: [configDataRight, secretIsWhole] },
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
    whole: [hasAccessModes, asksForStorage],
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
  'policy.v1.PodDisruptionBudgetSpec': {
    fields: { minAvailable: [atLeast(0)], maxUnavailable: [atLeast(0)] },
    whole: [oneBound],
  },
  'rbac.v1.Role': { whole: [rulesAreOfResources] },
  'rbac.v1.PolicyRule': { whole: [ruleIsWhole], optional: ['verbs'] },
  'rbac.v1.RoleRef': { fields: { kind: [oneOf('Role', 'ClusterRole')] } },
  'rbac.v1.Subject': { fields: { kind: [oneOf('ServiceAccount', 'User', 'Group')] } },
  'authentication.v1.TokenRequestSpec': {
    fields: { expirationSeconds: [between(600, 2 ** 32)] },
    optional: ['audiences'],
  },
};

function keysDistinct({ data, binaryData }: JsonObject): Fault[] {
  if (!isObject(data) || !isObject(binaryData)) return [];
  const both = Object.keys(data).filter((key) => Object.hasOwn(binaryData, key));
  return both.map((key) => invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
}

/** What a secret of a known type has to hold; of basic-auth's keys one is enough. */
const secretKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
};

function secretIsWhole({ type, data, stringData, metadata }: JsonObject): Fault[] {
  const held = { ...(isObject(data) && data), ...(isObject(stringData) && stringData) };
  const absent = (keys: readonly string[]): Fault[] =>
    keys.filter((key) => held[key] === undefined).map((key) => required(`data[${key}]`));
  if (type === 'kubernetes.io/basic-auth') {
    const faults = absent(['username', 'password']);
    return faults.length === 2 ? faults : [];
  }
  if (typeof type !== 'string') return [];
  if (type !== 'kubernetes.io/service-account-token') return absent(secretKeys[type] ?? []);
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  const account = isObject(annotations) ? annotations[accountName] : undefined;
  return account === undefined ? [required(`metadata.annotations[${accountName}]`)] : [];
}

const accountName = 'kubernetes.io/service-account.name';

function rulesAreOfResources({ rules }: JsonObject): Fault[] {
  return entriesOf(rules).flatMap((rule, index) => {
    const urls = isObject(rule) ? rule['nonResourceURLs'] : undefined;
    if (entriesOf(urls).length === 0) return [];
    const words = 'namespaced rules cannot apply to non-resource URLs';
    return [invalid(`rules[${index}].nonResourceURLs`, urls ?? null, words)];
  });
}

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

function asksForStorage({ resources }: JsonObject, path: string): Fault[] {
  const requests = isObject(resources) ? resources['requests'] : undefined;
  const storage = isObject(requests) ? requests['storage'] : undefined;
  const at = `${path}.resources[storage]`;
  if (typeof storage !== 'string') return [required(at)];
  return parseQuantity(storage).nano > 0n
    ? []
    : [invalid(at, storage, 'must be greater than zero')];
}

/** A rule is about paths alone, or about resources of groups. */
function ruleIsWhole(rule: JsonObject, path: string): Fault[] {
  const isEmpty = (field: string): boolean => entriesOf(rule[field]).length === 0;
  const faults = isEmpty('verbs')
    ? [required(`${path}.verbs`, 'verbs must contain at least one value')]
    : [];
  if (!isEmpty('nonResourceURLs')) return faults;
  if (isEmpty('apiGroups')) {
    const words = 'resource rules must supply at least one api group';
    faults.push(required(`${path}.apiGroups`, words));
  }
  if (isEmpty('resources')) {
    faults.push(required(`${path}.resources`, 'resource rules must supply at least one resource'));
  }
  return faults;
}

function entriesOf(list: Json | undefined): readonly Json[] {
  return Array.isArray(list) ? (list as Json[]) : [];
}

function priorityAllowed(object: JsonObject): Fault[] {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const name = metadata['name'];
  const { value } = object;
  if (typeof value !== 'number' || value <= largestPriority) return [];
  if (typeof name === 'string' && name.startsWith('system-')) return [];
  const words = `maximum allowed value of a user defined priority is ${largestPriority}`;
  return [forbiddenField('value', words)];
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
