import { changedFaults } from '../api/custom/definition-faults.ts';
import { cleanup } from '../api/custom/names.ts';
import {
  type Draft,
  equal,
  isList,
  isObject,
  type JsonObject,
  objectIn,
  textOf,
} from '../api/json.ts';
import type { Kind } from '../api/kind.ts';
import type { User } from './security/user.ts';
import { type Fault, forbiddenField, invalid } from '../api/validate/fault.ts';
import { addTolerations } from './admission/default-tolerations.ts';
import { countTemplates } from './count-templates.ts';
import { gatedCondition, gatesOf, noEphemeralContainers, podFixed } from './pod-rules.ts';
import { qualityOf } from './quality.ts';

/** What a kind does besides what all do. */
export interface Strategy {
  /** Counts changes of its spec in `metadata.generation`. */
  readonly counts: boolean;
  /** Not the spec alone counts. */
  readonly countsAll?: boolean;
  /** Its status is what a controller says: it is not taken from who creates or updates it. */
  readonly ownStatus: boolean;
  prepareCreate?(object: Draft, user: User): void;
  prepareUpdate?(object: Draft, old: JsonObject): void;
  /** What may only come later. */
  readonly checkCreate?: (object: JsonObject) => readonly Fault[];
  /** What of it may not change. */
  readonly checkUpdate?: (object: JsonObject, old: JsonObject) => readonly Fault[];
}

const plain: Strategy = { counts: false, ownStatus: false };
const controlled: Strategy = { counts: true, ownStatus: true };

/** All of an object counts but its metadata, and its status where that is changed apart. */
const custom: Strategy = { counts: true, ownStatus: false, countsAll: true };
const customWithStatus: Strategy = { ...custom, ownStatus: true };

const selectorFixed = (object: JsonObject, old: JsonObject) =>
  fixed(object, old, 'spec.selector', 'field is immutable');

const strategies: Readonly<Record<string, Strategy>> = {
  Pod: {
    counts: true,
    ownStatus: true,
    prepareCreate: (pod) => {
      const gated = gatesOf(pod).length > 0 ? { conditions: [gatedCondition] } : {};
      pod['status'] = { phase: 'Pending', qosClass: qualityOf(pod), ...gated };
    },
    prepareUpdate: (pod) => addTolerations(pod['spec'] as Draft),
    checkCreate: noEphemeralContainers,
    checkUpdate: podFixed,
  },
  // A kubelet registers itself with its status.
  Node: { counts: false, ownStatus: false, prepareUpdate: keepStatus },
  Namespace: {
    counts: false,
    ownStatus: true,
    prepareCreate: (namespace) => {
      namespace['spec'] = { finalizers: ['kubernetes'] };
      namespace['status'] = { phase: 'Active' };
    },
    prepareUpdate: (namespace, old) => {
      namespace['spec'] = old['spec'];
    },
  },
  Secret: {
    ...plain,
    prepareCreate: encodeStrings,
    prepareUpdate: encodeStrings,
    checkUpdate: (secret, old) => [
      ...fixed(secret, old, 'type', 'field is immutable'),
      ...frozen(secret, old, ['data']),
    ],
  },
  ConfigMap: { ...plain, checkUpdate: (map, old) => frozen(map, old, ['data', 'binaryData']) },
  Service: { counts: false, ownStatus: true, prepareUpdate: keepAddresses },
  PersistentVolume: { counts: false, ownStatus: true },
  PersistentVolumeClaim: { counts: false, ownStatus: true },
  ResourceQuota: { counts: false, ownStatus: true },
  ReplicationController: controlled,
  Deployment: { ...controlled, checkUpdate: selectorFixed },
  ReplicaSet: { ...controlled, checkUpdate: selectorFixed },
  DaemonSet: {
    ...controlled,
    prepareCreate: (set) => countTemplates(set, undefined),
    prepareUpdate: countTemplates,
    checkUpdate: selectorFixed,
  },
  StatefulSet: { ...controlled, checkUpdate: statefulSetFixed },
  Job: {
    ...controlled,
    prepareCreate: selectOwnPods,
    checkUpdate: (job, old) => [
      ...selectorFixed(job, old),
      ...fixed(job, old, 'spec.template', 'field is immutable'),
      ...fixed(job, old, 'spec.completionMode', 'field is immutable'),
    ],
  },
  CronJob: controlled,
  Ingress: controlled,
  NetworkPolicy: { counts: true, ownStatus: false },
  IngressClass: { counts: true, ownStatus: false },
  PodDisruptionBudget: controlled,
  HorizontalPodAutoscaler: { counts: false, ownStatus: true },
  CertificateSigningRequest: {
    counts: false,
    ownStatus: true,
    // Who asks is not for him to say.
    prepareCreate: (request, { name, uid, groups, extra }) => {
      const { request: bytes, ...spec } = objectIn(request, 'spec');
      const asked = { username: name, uid, groups, extra };
      request['spec'] = { ...spec, ...asked, ...(bytes !== undefined && { request: bytes }) };
    },
    checkUpdate: (request, old) => fixed(request, old, 'spec', 'field is immutable'),
  },
  StorageClass: {
    ...plain,
    checkUpdate: (entry, old) => [
      ...fixed(entry, old, 'parameters', 'updates to parameters are forbidden.'),
      ...fixed(entry, old, 'provisioner', 'updates to provisioner are forbidden.'),
      ...fixed(entry, old, 'reclaimPolicy', 'updates to reclaimPolicy are forbidden.'),
    ],
  },
  RoleBinding: {
    ...plain,
    checkUpdate: (entry, old) => fixed(entry, old, 'roleRef', 'cannot change roleRef'),
  },
  ClusterRoleBinding: {
    ...plain,
    checkUpdate: (entry, old) => fixed(entry, old, 'roleRef', 'cannot change roleRef'),
  },
  RuntimeClass: {
    ...plain,
    checkUpdate: (entry, old) => fixed(entry, old, 'handler', 'field is immutable'),
  },
  CustomResourceDefinition: {
    ...controlled,
    prepareCreate: addCleanup,
    checkUpdate: changedFaults,
  },
  PriorityClass: {
    counts: true,
    ownStatus: false,
    checkUpdate: (entry, old) => fixed(entry, old, 'value', 'may not be changed in an update.'),
  },
};

export function strategyOf(kind: Kind): Strategy {
  if (kind.custom !== undefined) {
    return kind.subresources.includes('status') ? customWithStatus : custom;
  }
  return strategies[kind.builtIn] ?? plain;
}

/** Its objects go before it does. */
function addCleanup(definition: Draft): void {
  const metadata = definition['metadata'] as Draft;
  const others = isList(metadata['finalizers']) ? metadata['finalizers'] : [];
  if (!others.includes(cleanup)) metadata['finalizers'] = [...others, cleanup];
}

/** A job knows its pods by its own uid, unless somebody says otherwise. */
function selectOwnPods(job: Draft): void {
  const spec = job['spec'] as Draft;
  if (spec['manualSelector'] === true || !isObject(spec['template'])) return;
  const { uid, name } = objectIn(job, 'metadata');
  const own = { 'batch.kubernetes.io/controller-uid': uid };
  const { template } = spec;
  const metadata = objectIn(template, 'metadata');
  const labels = {
    ...objectIn(metadata, 'labels'),
    ...own,
    'controller-uid': uid,
    'batch.kubernetes.io/job-name': name ?? '',
    'job-name': name ?? '',
  };
  spec['manualSelector'] ??= false;
  spec['selector'] ??= { matchLabels: own };
  spec['template'] = { ...template, metadata: { ...metadata, labels } };
  // A job without labels has those of its pods.
  const about = job['metadata'] as Draft;
  if (Object.keys(objectIn(about, 'labels')).length === 0) about['labels'] = { ...labels };
}

function keepStatus(object: Draft, old: JsonObject): void {
  object['status'] = old['status'];
}

/** `stringData` is for writing alone. */
function encodeStrings(secret: Draft): void {
  const { stringData, ...rest } = secret;
  if (!isObject(stringData)) return;
  const data: Draft = { ...objectIn(rest, 'data') };
  for (const [key, value] of Object.entries(stringData)) {
    data[key] = Buffer.from(textOf(value)).toString('base64');
  }
  delete secret['stringData'];
  secret['data'] = data;
}

/** Who leaves the addresses out wants the old ones. */
function keepAddresses(service: Draft, old: JsonObject): void {
  const spec = service['spec'] as Draft;
  const before = objectIn(old, 'spec');
  if (spec['type'] === 'ExternalName') return;
  for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
    spec[field] ??= before[field];
    if (spec[field] === undefined) delete spec[field];
  }
}

function valueAt(object: JsonObject, path: string): JsonObject[string] {
  return path
    .split('.')
    .reduce<JsonObject[string]>((at, part) => (isObject(at) ? at[part] : undefined), object);
}

// oxlint-disable-next-line max-params -- two objects, one path, one text
function fixed(object: JsonObject, old: JsonObject, path: string, words: string): Fault[] {
  const value = valueAt(object, path);
  return equal(value, valueAt(old, path)) ? [] : [invalid(path, value ?? null, words)];
}

function frozen(object: JsonObject, old: JsonObject, fields: readonly string[]): Fault[] {
  if (old['immutable'] !== true) return [];
  const words = 'field is immutable when `immutable` is set';
  const changed = [...fields, 'immutable'].filter((field) => !equal(object[field], old[field]));
  return changed.map((field) => forbiddenField(field, words));
}

const setChangeable =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', " +
  "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and " +
  "'minReadySeconds' are forbidden";

const setFields: readonly string[] = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

function statefulSetFixed(set: JsonObject, old: JsonObject): Fault[] {
  const spec = objectIn(set, 'spec');
  const before = objectIn(old, 'spec');
  const names = new Set([...Object.keys(spec), ...Object.keys(before)]);
  const changed = [...names].some(
    (name) => !setFields.includes(name) && !equal(spec[name], before[name]),
  );
  return changed ? [forbiddenField('spec', setChangeable)] : [];
}
