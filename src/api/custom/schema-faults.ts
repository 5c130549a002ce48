import { schemaLimits } from '../../base/schema-limits.ts';
import type { Unknown } from '../decode-json.ts';
import { isList, isObject, textOf } from '../json.ts';
import { type Fault, forbiddenField, invalid, notSupported, required } from '../validate/fault.ts';
import { alternativeLevelFaults } from './alternative-schema.ts';
import { listRuleFaults } from './list-rules.ts';
import { fill } from './fill.ts';
import { patternFaults } from './pattern-faults.ts';
import { prune } from './prune.ts';
import { isEmbedded, itemsOf, preserves, propertiesOf, propertyOf, type Schema } from './schema.ts';
import { valueFaults } from './value-faults.ts';

type Level = 'root' | 'field' | 'item';

const types = ['string', 'number', 'integer', 'boolean', 'array', 'object'];

/** What is wrong with the schema of a definition's version: it has to be structural. */
export function schemaFaults(schema: Schema, path: string): Fault[] {
  const check = new SchemaCheck();
  check.level(schema, 'root', { path, depth: 0 });
  return check.faults.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

interface Place {
  readonly path: string;
  readonly depth: number;
}

class SchemaCheck {
  readonly faults: Fault[] = [];
  #parts = 0;

  level(schema: Schema, level: Level, { path, depth }: Place): void {
    this.#parts += 1;
    if (depth > schemaLimits.depth) {
      const words = `a schema may not be more than ${schemaLimits.depth} levels deep`;
      this.faults.push(forbiddenField(path, words));
      return;
    }
    if (this.#parts > schemaLimits.parts) {
      const words = `a schema may not have more than ${schemaLimits.parts} parts`;
      if (this.#parts === schemaLimits.parts + 1) this.faults.push(forbiddenField(path, words));
      return;
    }
    this.faults.push(
      ...ownFaults(schema, path),
      ...typeFaults(schema, level, path),
      ...listRuleFaults(schema, path),
      ...metadataFaults(schema, level, path),
      ...patternFaults(schema, path),
      ...defaultFaults(schema, path),
      ...alternativeLevelFaults(schema, { path, depth }),
    );
    this.#below(schema, level, { path, depth: depth + 1 });
  }

  #below(schema: Schema, level: Level, { path, depth }: Place): void {
    const items = schema['items'];
    if (isList(items)) {
      const words = 'items must be a schema object and not an array';
      this.faults.push(forbiddenField(`${path}.items`, words));
    } else if (items === undefined && schema['type'] === 'array') {
      this.faults.push(required(`${path}.items`, 'must be specified'));
    }
    const entry = itemsOf(schema);
    if (entry !== undefined) this.level(entry, 'item', { path: `${path}.items`, depth });
    for (const [name, property] of propertiesOf(schema)) {
      this.level(property, 'field', { path: `${path}.properties[${name}]`, depth });
    }
    const additional = schema['additionalProperties'];
    if (additional === undefined) return;
    const at = `${path}.additionalProperties`;
    if (level === 'root') this.faults.push(forbiddenField(at, 'must not be used at the root'));
    if (propertiesOf(schema).length > 0 && additional !== true) {
      const words = 'additionalProperties and properties are mutual exclusive';
      this.faults.push(forbiddenField(at, words));
    }
    if (isEmbedded(schema)) {
      const words = 'must not be used if x-kubernetes-embedded-resource is set';
      this.faults.push(forbiddenField(at, words));
    }
    if (isObject(additional)) this.level(additional, 'field', { path: at, depth });
  }
}

const absent: Readonly<Record<string, string>> = {
  id: 'id is not supported',
  additionalItems: 'additionalItems is not supported',
  patternProperties: 'patternProperties is not supported',
  definitions: 'definitions is not supported',
  dependencies: 'dependencies is not supported',
  $ref: '$ref is not supported',
};

/** What a schema may not say at any level. */
function ownFaults(schema: Schema, path: string): Fault[] {
  const faults = Object.entries(absent).flatMap(([name, words]) =>
    schema[name] === undefined || schema[name] === ''
      ? []
      : [forbiddenField(`${path}.${name}`, words)],
  );
  if (schema['uniqueItems'] === true) {
    const words =
      'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    faults.push(forbiddenField(`${path}.uniqueItems`, words));
  }
  const preserve = schema['x-kubernetes-preserve-unknown-fields'];
  if (preserve === false) {
    const at = `${path}.x-kubernetes-preserve-unknown-fields`;
    faults.push(invalid(at, preserve, 'must be true or undefined'));
  }
  const rules = schema['x-kubernetes-validations'];
  if (isList(rules) && rules.length > 0) {
    const words = 'rules in the Common Expression Language (CEL) are not supported by this server';
    faults.push(forbiddenField(`${path}.x-kubernetes-validations`, words));
  }
  return faults;
}

function typeFaults(schema: Schema, level: Level, path: string): Fault[] {
  const type = textOf(schema['type']);
  const at = `${path}.type`;
  const isEither = schema['x-kubernetes-int-or-string'] === true;
  const faults: Fault[] = [];
  if (isEither && preserves(schema)) {
    const words = 'must be false if x-kubernetes-int-or-string is true';
    faults.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, true, words));
  }
  if (isEither && isEmbedded(schema)) {
    const words = 'must be false if x-kubernetes-int-or-string is true';
    faults.push(invalid(`${path}.x-kubernetes-embedded-resource`, true, words));
  }
  if (type !== '' && !types.includes(type)) return [...faults, notSupported(at, type, types)];
  if (isEmbedded(schema) && type !== 'object') {
    const words = 'must be object if x-kubernetes-embedded-resource is true';
    faults.push(type === '' ? required(at, words) : invalid(at, type, words));
  } else if (type === '' && !isEither && !preserves(schema)) {
    faults.push(required(at, `must not be empty ${ofLevel[level]}`));
  }
  if (level === 'root' && type !== '' && type !== 'object') {
    faults.push(invalid(at, type, 'must be object at the root'));
  }
  if (level === 'root' && schema['nullable'] === true) {
    faults.push(forbiddenField(`${path}.nullable`, 'nullable cannot be true at the root'));
  }
  return faults;
}

const ofLevel: Readonly<Record<Level, string>> = {
  root: 'at the root',
  item: 'for specified array items',
  field: 'for specified object fields',
};

function metadataFaults(schema: Schema, level: Level, path: string): Fault[] {
  const isObjectRoot = level === 'root' || isEmbedded(schema);
  if (!isObjectRoot) return [];
  const faults: Fault[] = [];
  for (const name of ['kind', 'apiVersion']) {
    const type = propertyOf(schema, name)?.['type'];
    if (propertyOf(schema, name) !== undefined && type !== 'string') {
      faults.push(invalid(`${path}.properties[${name}].type`, type ?? '', 'must be string'));
    }
  }
  const metadata = propertyOf(schema, 'metadata');
  if (metadata !== undefined && metadata['type'] !== 'object') {
    const at = `${path}.properties[metadata].type`;
    faults.push(invalid(at, metadata['type'] ?? '', 'must be object'));
  }
  if (metadata !== undefined && level === 'root' && !isPlainMetadata(metadata)) {
    const words =
      'must not specify anything other than name and generateName, but metadata is ' +
      'implicitly specified';
    faults.push(forbiddenField(`${path}.properties[metadata]`, words));
  }
  if (isEmbedded(schema) && !preserves(schema) && propertiesOf(schema).length === 0) {
    const words =
      'must not be empty if x-kubernetes-embedded-resource is true without ' +
      'x-kubernetes-preserve-unknown-fields';
    faults.push(required(`${path}.properties`, words));
  }
  return faults;
}

function isPlainMetadata(metadata: Schema): boolean {
  const names = propertiesOf(metadata).map(([name]) => name);
  const others = Object.keys(metadata).filter(
    (key) => !['type', 'properties', 'description', 'default'].includes(key),
  );
  return others.length === 0 && names.every((name) => name === 'name' || name === 'generateName');
}

/** A default has to be what its own schema says, with nothing in it that would be left out. */
function defaultFaults(schema: Schema, path: string): Fault[] {
  const standard = schema['default'];
  if (standard === undefined) return [];
  const at = `${path}.default`;
  const unknown: Unknown[] = [];
  prune(standard, schema, { path: '', unknown });
  if (unknown.length > 0) return [invalid(at, standard, 'must not have unknown fields')];
  const whole = { type: 'object', properties: { default: schema } };
  const value = fill(standard, schema);
  return valueFaults(whole, { default: value }).map((fault) => ({
    ...fault,
    path: fault.path.startsWith('default') ? `${path}.${fault.path}` : fault.path,
    words: fault.words.replaceAll('default in body', `${at} in body`),
  }));
}
