import { type JsonObject, objectIn, textOf } from '../json.ts';
import { type Kind, resourceOf } from '../kind.ts';
import type { Quantity } from '../quantity.ts';
import { entries } from '../validate/check.ts';
import { type Amounts, amountsIn, counted, sumOf, times } from './amounts.ts';
import { isTerminal, podAmounts } from './pod-amounts.ts';

/** Kinds that a quota counts by their plain names, too. */
const counts: ReadonlySet<string> = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
]);

/** What an object takes of its namespace's quotas. Its kind is the stored one. */
export function usageOf(kind: Kind, object: JsonObject): Amounts {
  const own = counted(`count/${resourceOf(kind)}`);
  if (kind.group !== '') return own;
  if (counts.has(kind.plural)) own.set(kind.plural, times(1));
  if (kind.kind === 'Pod') return sumOf(own, podUsage(object));
  if (kind.kind === 'Service') return sumOf(own, serviceUsage(object));
  return kind.kind === 'PersistentVolumeClaim' ? sumOf(own, claimUsage(object)) : own;
}

/** What has ended needs nothing but its place in the store. */
function podUsage(pod: JsonObject): Amounts {
  if (isTerminal(pod)) return new Map();
  const usage = counted('pods');
  for (const [name, amount] of podAmounts(pod, 'requests')) {
    usage.set(`requests.${name}`, amount);
    if (isPlain(name)) usage.set(name, amount);
  }
  for (const [name, amount] of podAmounts(pod, 'limits')) usage.set(`limits.${name}`, amount);
  return usage;
}

function isPlain(name: string): boolean {
  return ['cpu', 'memory', 'ephemeral-storage'].includes(name) || name.startsWith('hugepages-');
}

function serviceUsage(service: JsonObject): Amounts {
  const spec = objectIn(service, 'spec');
  const balanced = spec['type'] === 'LoadBalancer';
  const opens =
    spec['type'] === 'NodePort' || (balanced && spec['allocateLoadBalancerNodePorts'] !== false);
  const usage = new Map<string, Quantity>();
  if (opens) usage.set('services.nodeports', times(entries(spec['ports']).length));
  if (balanced) usage.set('services.loadbalancers', times(1));
  return usage;
}

function claimUsage(claim: JsonObject): Amounts {
  const spec = objectIn(claim, 'spec');
  const storage = amountsIn(objectIn(spec, 'resources')['requests']).get('storage');
  const usage = new Map<string, Quantity>();
  if (storage !== undefined) usage.set('requests.storage', storage);
  const name = textOf(spec['storageClassName']);
  if (name === '') return usage;
  const prefix = `${name}.storageclass.storage.k8s.io`;
  usage.set(`${prefix}/persistentvolumeclaims`, times(1));
  if (storage !== undefined) usage.set(`${prefix}/requests.storage`, storage);
  return usage;
}

/** Which kind a quota's resource is summed over: `requests.cpu` is of pods. */
export function isCountedBy(resource: string, kind: Kind): boolean {
  if (resource === `count/${resourceOf(kind)}`) return true;
  if (kind.group !== '') return false;
  if (counts.has(kind.plural) && resource === kind.plural) return true;
  if (kind.kind === 'Service') return resource.startsWith('services.');
  if (kind.kind === 'PersistentVolumeClaim') {
    return resource === 'requests.storage' || resource.includes('.storageclass.storage.k8s.io/');
  }
  if (kind.kind !== 'Pod') return false;
  const computes = /^(requests|limits)\./.test(resource) && resource !== 'requests.storage';
  return resource === 'pods' || computes || isPlain(resource);
}
