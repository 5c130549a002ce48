/**
 * Writes src/api/schema/generated/*.ts, the field tables of the Kubernetes API, from the published
 * schemas: field numbers from the `.proto` files, list keys and patch strategies from the OpenAPI
 * document, and from the Go types which scalars may be absent: on the wire those that may not are
 * always there, and are left out of JSON when they are zero. Only names, numbers and types are
 * taken.
 *
 *     node scripts/derive-schema.ts PROTO_FOLDER OPENAPI_JSON
 *
 * PROTO_FOLDER holds k8s.io/api/... and k8s.io/apimachinery/... as in the Kubernetes sources.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The types that stand on their own; what they refer to comes with them. */
const roots: Record<string, string> = {
  'core.v1':
    'Namespace Node Pod Service Endpoints ConfigMap Secret ServiceAccount Event PersistentVolume ' +
    'PersistentVolumeClaim ReplicationController LimitRange ResourceQuota PodTemplate Binding ' +
    'ComponentStatus PodLogOptions PodExecOptions PodAttachOptions PodPortForwardOptions',
  'apps.v1': 'Deployment ReplicaSet StatefulSet DaemonSet ControllerRevision',
  'batch.v1': 'Job CronJob',
  'coordination.v1': 'Lease',
  'discovery.v1': 'EndpointSlice',
  'events.v1': 'Event',
  'networking.v1': 'Ingress IngressClass NetworkPolicy',
  'storage.v1': 'StorageClass CSIDriver CSINode VolumeAttachment CSIStorageCapacity',
  'node.v1': 'RuntimeClass',
  'scheduling.v1': 'PriorityClass',
  'policy.v1': 'PodDisruptionBudget Eviction',
  'autoscaling.v1': 'HorizontalPodAutoscaler Scale',
  'autoscaling.v2': 'HorizontalPodAutoscaler',
  'rbac.v1': 'Role ClusterRole RoleBinding ClusterRoleBinding',
  'authentication.v1': 'TokenReview TokenRequest SelfSubjectReview',
  'authorization.v1':
    'SubjectAccessReview SelfSubjectAccessReview LocalSubjectAccessReview SelfSubjectRulesReview',
  'certificates.v1': 'CertificateSigningRequest',
  'meta.v1': 'ObjectMeta ListMeta Status DeleteOptions LabelSelector',
};

interface ProtoField {
  readonly name: string;
  readonly number: number;
  readonly type: string;
  readonly repeated: boolean;
}

interface OpenApiProperty {
  readonly $ref?: string;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-patch-strategy'?: string;
}

interface OpenApiType {
  readonly properties?: Record<string, OpenApiProperty>;
  readonly required?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
}

const [protoFolder = '', openApiPath = ''] = process.argv.slice(2);
const openApi = (
  JSON.parse(readFileSync(openApiPath, 'utf8')) as { definitions: Record<string, OpenApiType> }
).definitions;
const target = fileURLToPath(new URL('../src/api/schema/generated/', import.meta.url));

/** Types that JSON writes in a way of its own. */
const scalars: Record<string, string> = {
  'meta.v1.Time': 'time',
  'meta.v1.MicroTime': 'microTime',
  'meta.v1.Duration': 'duration',
  'meta.v1.FieldsV1': 'fields',
  // A list that is a message on the wire.
  'authentication.v1.ExtraValue': 'strings',
  'authorization.v1.ExtraValue': 'strings',
  'certificates.v1.ExtraValue': 'strings',
  'resource.Quantity': 'quantity',
  'runtime.RawExtension': 'raw',
  'intstr.IntOrString': 'intOrString',
};

const pointers = new Map<string, ReadonlySet<string>>();
const protoPackages = new Map<string, ReadonlyMap<string, readonly ProtoField[]>>();

/** `core.v1` for `k8s.io.api.core.v1`, `resource` for apimachinery's own. */
function shortPackage(name: string): string {
  return name
    .replace(/^k8s\.io\.api\./, '')
    .replace(/^k8s\.io\.apimachinery\.pkg\.(apis\.|api\.|util\.)?/, '');
}

function pathOf(packageName: string): string {
  const folders: Record<string, string> = {
    'meta.v1': 'apimachinery/pkg/apis/meta/v1',
    resource: 'apimachinery/pkg/api/resource',
    runtime: 'apimachinery/pkg/runtime',
    intstr: 'apimachinery/pkg/util/intstr',
  };
  const folder = folders[packageName] ?? `api/${packageName.replace('.', '/')}`;
  return join(protoFolder, 'k8s.io', folder, 'generated.proto');
}

/** The messages of a package's file, with types qualified. */
function messagesOf(packageName: string): ReadonlyMap<string, readonly ProtoField[]> {
  const known = protoPackages.get(packageName);
  if (known !== undefined) return known;
  const messages = new Map<string, ProtoField[]>();
  let current: ProtoField[] = [];
  for (const line of readFileSync(pathOf(packageName), 'utf8').split('\n')) {
    const message = /^message (\w+) \{/.exec(line);
    if (message !== null) messages.set(message[1] ?? '', (current = []));
    const field = /^ {2}(optional|repeated|map)\s*(<string, (.+)>|\S+) (\w+) = (\d+)/.exec(line);
    if (field === null) continue;
    const [, label, plain = '', mapped, name = '', number] = field;
    const type = qualify(packageName, mapped ?? plain);
    const repeated = label === 'repeated';
    current.push({
      name,
      number: Number(number),
      type: mapped === undefined ? type : `{}${type}`,
      repeated,
    });
  }
  protoPackages.set(packageName, messages);
  return messages;
}

function qualify(packageName: string, type: string): string {
  if (/^(string|bool|bytes|double|int32|int64|uint32|uint64)$/.test(type)) return type;
  const absolute = type.replace(/^\./, '');
  if (!absolute.includes('.')) return `${packageName}.${absolute}`;
  return shortPackage(absolute);
}

const groups: Record<string, string> = { 'meta.v1': 'io.k8s.apimachinery.pkg.apis.meta.v1' };

function openApiOf(type: string): OpenApiType | undefined {
  const [group = '', version = '', name = ''] = type.split('.');
  const packageName = `${group}.${version}`;
  return openApi[`${groups[packageName] ?? `io.k8s.api.${packageName}`}.${name}`];
}

const lines = new Map<string, string[]>();
const seen = new Set<string>();
const waiting = Object.entries(roots).flatMap(([packageName, names]) =>
  names.split(' ').map((name) => `${packageName}.${name}`),
);
for (let type = waiting.shift(); type !== undefined; type = waiting.shift()) {
  if (seen.has(type)) continue;
  seen.add(type);
  const [group = '', version = '', name = ''] = type.split('.');
  const packageName = `${group}.${version}`;
  const fields = messagesOf(packageName).get(name);
  if (fields === undefined) throw new Error(`${type} is not in ${pathOf(packageName)}`);
  const described = openApiOf(type);
  const mapType = described?.['x-kubernetes-map-type'] === 'atomic' ? ' atomic' : '';
  const text = [`${name}${mapType}`];
  for (const field of fields) {
    const line = lineOf(type, field);
    if (line !== undefined) text.push(`  ${line}`);
  }
  lines.set(packageName, [...(lines.get(packageName) ?? []), text.join('\n')]);
}

/**
 * `ports []ContainerPort 6 map=containerPort,protocol merge=containerPort`; undefined for a field
 * that the OpenAPI document does not have yet.
 */
function lineOf(type: string, field: ProtoField): string | undefined {
  const described = openApiOf(type);
  const [group = '', version = '', owner = ''] = type.split('.');
  const packageName = `${group}.${version}`;
  const bare = field.type.replace('{}', '');
  const property = described?.properties?.[field.name];
  const inline = property === undefined && !field.repeated && isInline(bare, described);
  if (described !== undefined && property === undefined && !inline) return undefined;
  const prefix = field.repeated ? '[]' : field.type.startsWith('{}') ? '{}' : '';
  const word = `${prefix}${typeWord(packageName, bare)}`;
  const required = described?.required?.includes(field.name) === true ? ['!'] : [];
  const pointer = pointersOf(packageName).has(`${owner}.${field.name}`) ? ['*'] : [];
  const words = [field.name, word, String(field.number), ...required, ...pointer];
  return [...words, ...(inline ? ['inline'] : []), ...listWords(property)].join(' ');
}

/** `Type.field` of the scalars that Go has as pointers. */
function pointersOf(packageName: string): ReadonlySet<string> {
  const known = pointers.get(packageName);
  if (known !== undefined) return known;
  const found = new Set<string>();
  let owner = '';
  const source = readFileSync(pathOf(packageName).replace('generated.proto', 'types.go'), 'utf8');
  for (const line of source.split('\n')) {
    owner = /^type (\w+) struct/.exec(line)?.[1] ?? owner;
    const name = /^\t\w+\s+\*[a-z]\w+\s+`json:"(\w+)/.exec(line)?.[1];
    if (name !== undefined) found.add(`${owner}.${name}`);
  }
  pointers.set(packageName, found);
  return found;
}

/** Go's embedding: one message on the wire, the fields of its owner in JSON. */
function isInline(type: string, owner: OpenApiType | undefined): boolean {
  const [group = '', version = '', name = ''] = type.split('.');
  if (name === '') return false;
  const fields = messagesOf(`${group}.${version}`).get(name) ?? [];
  return fields.some((field) => owner?.properties?.[field.name] !== undefined);
}

function typeWord(packageName: string, type: string): string {
  const scalar = scalars[type];
  if (scalar !== undefined) return scalar;
  if (!type.includes('.')) return type;
  waiting.push(type);
  return type.startsWith(`${packageName}.`) ? type.slice(packageName.length + 1) : type;
}

function listWords(property: OpenApiProperty | undefined): string[] {
  if (property === undefined) return [];
  const words: string[] = [];
  const listType = property['x-kubernetes-list-type'];
  if (listType === 'map') {
    words.push(`map=${(property['x-kubernetes-list-map-keys'] ?? []).join(',')}`);
  }
  if (listType === 'set') words.push('set');
  if (property['x-kubernetes-map-type'] === 'atomic') words.push('atomic');
  const strategies = (property['x-kubernetes-patch-strategy'] ?? '').split(',');
  const key = property['x-kubernetes-patch-merge-key'];
  if (strategies.includes('merge')) words.push(key === undefined ? 'merge' : `merge=${key}`);
  if (strategies.includes('retainKeys')) words.push('retainKeys');
  return words;
}

for (const [packageName, types] of lines) {
  const name = packageName.replace('.', '-');
  const text =
    `/** Fields of ${packageName}, by scripts/derive-schema.ts; not to be edited. */\n` +
    `export default \`\n${types.join('\n')}\n\`;\n`;
  writeFileSync(join(target, `${name}.ts`), text);
}
