import { isObject, type Json, type JsonObject, objectIn, textOf } from '../json.ts';
import {
  age,
  type Column,
  created,
  nameColumn,
  number,
  objects,
  sinceText,
  text,
  wholeOf,
  wide,
} from './column.ts';
import { formatDuration } from './duration.ts';

const spec = (object: JsonObject) => objectIn(object, 'spec');
const status = (object: JsonObject) => objectIn(object, 'status');
const nodeInfo = (name: string, field: string, column: typeof text) =>
  column(name, (node) => textOf(objectIn(status(node), 'nodeInfo')[field]) || '<unknown>');

export const nodeColumns: readonly Column[] = [
  nameColumn,
  text('Status', nodeStatus),
  text('Roles', nodeRoles),
  age,
  text('Version', (node) => textOf(objectIn(status(node), 'nodeInfo')['kubeletVersion'])),
  wide('Internal-IP', (node) => addressOf(node, 'InternalIP')),
  wide('External-IP', (node) => addressOf(node, 'ExternalIP')),
  nodeInfo('OS-Image', 'osImage', wide),
  nodeInfo('Kernel-Version', 'kernelVersion', wide),
  nodeInfo('Container-Runtime', 'containerRuntimeVersion', wide),
];

export const namespaceColumns: readonly Column[] = [
  nameColumn,
  text('Status', (namespace) => textOf(status(namespace)['phase'])),
  age,
];

const entriesOf = (object: JsonObject, ...fields: readonly string[]) =>
  fields.reduce((sum, field) => sum + Object.keys(objectIn(object, field)).length, 0);

export const configMapColumns: readonly Column[] = [
  nameColumn,
  text('Data', (map) => entriesOf(map, 'data', 'binaryData')),
  age,
];

export const secretColumns: readonly Column[] = [
  nameColumn,
  text('Type', (secret) => textOf(secret['type'])),
  text('Data', (secret) => entriesOf(secret, 'data')),
  age,
];

export const serviceAccountColumns: readonly Column[] = [
  nameColumn,
  number('Secrets', (account) => objects(account['secrets']).length),
  age,
];

export const eventColumns: readonly Column[] = [
  text('Last Seen', (event, nowMs) => sinceText(lastSeen(event), nowMs)),
  text('Type', (event) => textOf(event['type'])),
  text('Reason', (event) => textOf(event['reason'])),
  text('Object', (event) => {
    const { kind, name } = objectIn(event, 'involvedObject');
    return `${textOf(kind).toLowerCase()}/${textOf(name)}`;
  }),
  wide('Subobject', (event) => textOf(objectIn(event, 'involvedObject')['fieldPath'])),
  wide('Source', (event) => {
    const { component, host } = objectIn(event, 'source');
    const named = textOf(component) || textOf(event['reportingComponent']);
    return host === undefined ? named : `${named}, ${textOf(host)}`;
  }),
  text('Message', (event) => textOf(event['message']).trim()),
  wide('First Seen', (event, nowMs) =>
    sinceText(event['firstTimestamp'] ?? event['eventTime'], nowMs),
  ),
  wide('Count', (event) => wholeOf(event['count']) || 1),
  { ...nameColumn, priority: 1 },
];

export const limitRangeColumns: readonly Column[] = [nameColumn, created];
export const roleColumns: readonly Column[] = [nameColumn, created];

export const quotaColumns: readonly Column[] = [
  nameColumn,
  text('Request', (quota) => quotaUse(quota, (name) => !name.startsWith('limits.'))),
  text('Limit', (quota) => quotaUse(quota, (name) => name.startsWith('limits.'))),
  age,
];

export const leaseColumns: readonly Column[] = [
  nameColumn,
  text('Holder', (lease) => textOf(spec(lease)['holderIdentity'])),
  age,
];

export const priorityClassColumns: readonly Column[] = [
  nameColumn,
  number('Value', (entry) => wholeOf(entry['value'])),
  { ...text('Global-Default', (entry) => entry['globalDefault'] === true), type: 'boolean' },
  age,
  text('PreemptionPolicy', (entry) => textOf(entry['preemptionPolicy'])),
];

export const runtimeClassColumns: readonly Column[] = [
  nameColumn,
  text('Handler', (entry) => textOf(entry['handler'])),
  age,
];

export const budgetColumns: readonly Column[] = [
  nameColumn,
  text('Min Available', (budget) => amount(spec(budget)['minAvailable'])),
  text('Max Unavailable', (budget) => amount(spec(budget)['maxUnavailable'])),
  number('Allowed Disruptions', (budget) => wholeOf(status(budget)['disruptionsAllowed'])),
  age,
];

export const autoscalerColumns: readonly Column[] = [
  nameColumn,
  text('Reference', (scaler) => {
    const { kind, name } = objectIn(spec(scaler), 'scaleTargetRef');
    return `${textOf(kind)}/${textOf(name)}`;
  }),
  text('Targets', targets),
  text('MinPods', (scaler) => amount(spec(scaler)['minReplicas'], '<unset>')),
  text('MaxPods', (scaler) => wholeOf(spec(scaler)['maxReplicas'])),
  text('Replicas', (scaler) => wholeOf(status(scaler)['currentReplicas'])),
  age,
];

export const requestColumns: readonly Column[] = [
  nameColumn,
  age,
  text('SignerName', (request) => textOf(spec(request)['signerName']) || '<none>'),
  text('Requestor', (request) => textOf(spec(request)['username'])),
  text('RequestedDuration', (request) => {
    const seconds = spec(request)['expirationSeconds'];
    return typeof seconds === 'number' ? formatDuration(seconds * 1000) : '<none>';
  }),
  text('Condition', (request) => {
    const met = objects(status(request)['conditions']).map(({ type }) => textOf(type));
    const words = ['Approved', 'Denied', 'Failed'].filter((word) => met.includes(word));
    if (words.length === 0) words.push('Pending');
    if (textOf(status(request)['certificate']) !== '') words.push('Issued');
    return words.join(',');
  }),
];

const subjects = (binding: JsonObject, kind: string) =>
  objects(binding['subjects'])
    .filter((subject) => subject['kind'] === kind)
    .map(({ namespace, name }) =>
      kind === 'ServiceAccount' ? `${textOf(namespace)}/${textOf(name)}` : textOf(name),
    )
    .join(', ');

export const bindingColumns: readonly Column[] = [
  nameColumn,
  text('Role', (binding) => {
    const { kind, name } = objectIn(binding, 'roleRef');
    return `${textOf(kind)}/${textOf(name)}`;
  }),
  age,
  wide('Users', (binding) => subjects(binding, 'User')),
  wide('Groups', (binding) => subjects(binding, 'Group')),
  wide('ServiceAccounts', (binding) => subjects(binding, 'ServiceAccount')),
];

function nodeStatus(node: JsonObject): string {
  const ready = objects(status(node)['conditions']).find(({ type }) => type === 'Ready');
  const words = [
    ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady',
  ];
  if (spec(node)['unschedulable'] === true) words.push('SchedulingDisabled');
  return words.join(',');
}

const rolePrefix = 'node-role.kubernetes.io/';

function nodeRoles(node: JsonObject): string {
  const labels = objectIn(objectIn(node, 'metadata'), 'labels');
  const roles = Object.entries(labels).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return [key.slice(rolePrefix.length)];
    return key === 'kubernetes.io/role' ? [textOf(value)] : [];
  });
  const named = roles.filter((role) => role !== '').toSorted();
  return named.length === 0 ? '<none>' : named.join(',');
}

function addressOf(node: JsonObject, type: string): string {
  const found = objects(status(node)['addresses']).find((entry) => entry['type'] === type);
  return textOf(found?.['address']) || '<none>';
}

function lastSeen(event: JsonObject): Json | undefined {
  const series = objectIn(event, 'series')['lastObservedTime'];
  return series ?? event['lastTimestamp'] ?? event['eventTime'];
}

function quotaUse(quota: JsonObject, wanted: (name: string) => boolean): string {
  const used = objectIn(status(quota), 'used');
  const hard = objectIn(status(quota), 'hard');
  return Object.keys(hard)
    .filter(wanted)
    .toSorted()
    .map((name) => `${name}: ${textOf(used[name]) || '0'}/${textOf(hard[name])}`)
    .join(', ');
}

function amount(value: Json | undefined, absent = 'N/A'): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : absent;
}

/** `cpu: 10%/80%`, one for each metric, two at most. */
function targets(scaler: JsonObject): string {
  const current = objects(status(scaler)['currentMetrics']);
  const words = objects(spec(scaler)['metrics']).map((metric, index) => {
    const source = objectIn(metric, 'resource');
    const target = objectIn(source, 'target');
    const seen = objectIn(objectIn(current[index], 'resource'), 'current');
    const name = textOf(source['name']);
    return isObject(metric['resource'])
      ? `${name}: ${metricText(seen)}/${metricText(target)}`
      : textOf(metric['type']);
  });
  if (words.length === 0) return '<none>';
  return words.length > 2
    ? `${words.slice(0, 2).join(', ')} + ${words.length - 2} more...`
    : words.join(', ');
}

function metricText({ averageUtilization, averageValue, value }: JsonObject): string {
  if (typeof averageUtilization === 'number') return `${averageUtilization}%`;
  return textOf(averageValue) || textOf(value) || '<unknown>';
}

export const componentColumns: readonly Column[] = [
  nameColumn,
  text('Status', (component) =>
    healthOf(component)['status'] === 'True' ? 'Healthy' : 'Unhealthy',
  ),
  text('Message', (component) => textOf(healthOf(component)['message'])),
  text('Error', (component) => textOf(healthOf(component)['error'])),
];

function healthOf(component: JsonObject): JsonObject {
  return objects(component['conditions']).find(({ type }) => type === 'Healthy') ?? {};
}
