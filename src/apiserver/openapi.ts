import { createHash } from 'node:crypto';
import { type Draft, isObject, type Json, type JsonObject } from '../api/json.ts';
import { apiVersionOf, type Kind } from '../api/kind.ts';
import { describeField, describeType } from '../api/description/description.ts';
import { messageType } from '../api/schema/schema.ts';
import type { Field, MessageType, Scalar } from '../api/schema/type.ts';
import { unknownPath, verbsOf } from './discovery.ts';

/** By the list of kinds, which is another one when a kind is. */
const texts = new WeakMap<readonly Kind[], Map<string, string>>();

/** `/openapi/v3`: where each group's document is, with a hash that changes when it does. */
export function openApiIndex(kinds: readonly Kind[]): JsonObject {
  const paths: Draft = {};
  for (const apiVersion of new Set(kinds.map(apiVersionOf))) {
    const path = pathOf(apiVersion);
    const hash = createHash('sha256').update(openApiText(path, kinds)).digest('hex').slice(0, 32);
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  }
  return { paths };
}

/** The OpenAPI 3 document of `apis/apps/v1`, as text: it is made once. Throws `NotFound`. */
export function openApiText(path: string, kinds: readonly Kind[]): string {
  const made = texts.get(kinds) ?? new Map<string, string>();
  texts.set(kinds, made);
  const known = made.get(path);
  if (known !== undefined) return known;
  const own = kinds.filter((kind) => pathOf(apiVersionOf(kind)) === path);
  if (own.length === 0) throw unknownPath();
  const text = JSON.stringify(documentOf(own));
  made.set(path, text);
  return text;
}

function pathOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;
}

/** The schemas of kinds and of all that is in them, by their long names. */
export function schemasOf(own: readonly Kind[]): JsonObject {
  const schemas: Draft = {};
  for (const kind of own) {
    if (kind.custom === undefined) addSchema(schemas, messageType(kind.type), kind);
    else addCustomSchema(schemas, kind);
  }
  return schemas;
}

function documentOf(own: readonly Kind[]): JsonObject {
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.33.0' },
    paths: Object.fromEntries(own.flatMap(pathsOf)),
    components: { schemas: schemasOf(own) },
  };
}

/** Clients look up here whether a write checks its fields. */
function pathsOf(kind: Kind): [string, Json][] {
  const root = `/${pathOf(apiVersionOf(kind))}`;
  const folder = kind.namespaced ? `${root}/namespaces/{namespace}` : root;
  const verbs = verbsOf(kind);
  const collection: Draft = {};
  if (verbs.includes('list')) collection['get'] = operation(kind, 'list', []);
  if (verbs.includes('create')) collection['post'] = operation(kind, 'post', writing);
  if (verbs.includes('deletecollection')) {
    collection['delete'] = operation(kind, 'deletecollection', []);
  }
  const paths: [string, Json][] = [[`${folder}/${kind.plural}`, collection]];
  if (!verbs.includes('get')) return paths;
  const single: Draft = { get: operation(kind, 'get', []) };
  if (verbs.includes('update')) {
    single['put'] = operation(kind, 'put', writing);
    single['patch'] = operation(kind, 'patch', [...writing, 'force']);
    single['delete'] = operation(kind, 'delete', [
      'dryRun',
      'gracePeriodSeconds',
      'propagationPolicy',
    ]);
  }
  return [...paths, [`${folder}/${kind.plural}/{name}`, single]];
}

const writing: readonly string[] = ['dryRun', 'fieldManager', 'fieldValidation'];

function operation(kind: Kind, action: string, parameters: readonly string[]): Json {
  const { group, version, kind: name } = kind;
  const own = kind.custom === undefined ? schemaName(messageType(kind.type)) : kind.type;
  const schema = { $ref: `#/components/schemas/${own}` };
  return {
    operationId: `${action}${pathOf(apiVersionOf(kind)).replaceAll(/[/.]/g, '')}${name}`,
    parameters: parameters.map((parameter) => ({
      name: parameter,
      in: 'query',
      schema: { type: parameter === 'force' ? 'boolean' : 'string', uniqueItems: true },
    })),
    responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind: name },
  };
}

/** `io.k8s.api.core.v1.Pod` */
function schemaName({ name }: MessageType): string {
  const [group = '', version = '', type = ''] = name.split('.');
  return group === 'meta'
    ? `io.k8s.apimachinery.pkg.apis.meta.${version}.${type}`
    : `io.k8s.api.${group}.${version}.${type}`;
}

const versionWords = 'The group and version that the object is written in, such as apps/v1.';
const kindWords = 'What the object is, such as Pod.';

function addSchema(schemas: Draft, type: MessageType, kind?: Kind): void {
  const name = schemaName(type);
  const known = schemas[name];
  if (known !== undefined) {
    if (kind !== undefined) addVersion(known as Draft, kind);
    return;
  }
  const properties: Draft = {};
  const words = describeType(type.name);
  const schema: Draft = {
    ...(words !== '' && { description: words }),
    type: 'object',
    properties,
  };
  schemas[name] = schema;
  if (kind !== undefined) {
    properties['apiVersion'] = { description: versionWords, type: 'string' };
    properties['kind'] = { description: kindWords, type: 'string' };
    addVersion(schema, kind);
  }
  for (const field of type.byName.values()) {
    properties[field.name] = described(propertyOf(field), describeField(type.name, field.name));
    if (field.message !== undefined) addSchema(schemas, field.message);
  }
  const required = [...type.byName.values()].filter((field) => field.required);
  if (required.length > 0) schema['required'] = required.map((field) => field.name);
}

/** What a definition says, and what all objects have. */
function addCustomSchema(schemas: Draft, kind: Kind): void {
  const { properties, ...rest } = kind.custom?.schema ?? {};
  const metadata = messageType('meta.v1.ObjectMeta');
  addSchema(schemas, metadata);
  const schema: Draft = {
    ...rest,
    properties: {
      apiVersion: { description: versionWords, type: 'string' },
      kind: { description: kindWords, type: 'string' },
      ...(isObject(properties) && properties),
      metadata: { allOf: [{ $ref: `#/components/schemas/${schemaName(metadata)}` }] },
    },
  };
  addVersion(schema, kind);
  schemas[kind.type] = schema;
}

/** Several versions of a kind may share their fields. */
function addVersion(schema: Draft, { group, version, kind }: Kind): void {
  const name = 'x-kubernetes-group-version-kind';
  const others = Array.isArray(schema[name]) ? (schema[name] as readonly Json[]) : [];
  schema[name] = [...others, { group, version, kind }];
}

/** Nothing may stand beside a reference in this version but within `allOf`. */
function described(property: JsonObject, description: string): JsonObject {
  if (description === '') return property;
  const { $ref, ...rest } = property;
  return $ref === undefined
    ? { description, ...rest }
    : { description, allOf: [{ $ref }], default: {} };
}

function propertyOf(field: Field): JsonObject {
  const item = itemOf(field);
  if (field.shape === 'map') return { type: 'object', additionalProperties: item };
  if (field.shape === 'single') return item;
  const { apply, keys, merges, mergeKey } = field.list;
  return {
    type: 'array',
    items: item,
    'x-kubernetes-list-type': apply,
    ...(keys.length > 0 && { 'x-kubernetes-list-map-keys': keys }),
    ...(merges && {
      'x-kubernetes-patch-strategy': field.retainsKeys ? 'merge,retainKeys' : 'merge',
    }),
    ...(mergeKey !== undefined && { 'x-kubernetes-patch-merge-key': mergeKey }),
  };
}

function itemOf({ message, scalar }: Field): JsonObject {
  if (message !== undefined) return { $ref: `#/components/schemas/${schemaName(message)}` };
  return scalarSchemas[scalar ?? 'raw'];
}

const scalarSchemas: Readonly<Record<Scalar, JsonObject>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  bytes: { type: 'string', format: 'byte' },
  quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  intOrString: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  time: { type: 'string', format: 'date-time' },
  microTime: { type: 'string', format: 'date-time' },
  raw: { type: 'object' },
  fields: { type: 'object' },
  strings: { type: 'array', items: { type: 'string' } },
};
