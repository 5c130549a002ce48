import { schemaLimits } from '../../base/schema-limits.ts';
import { equal, isList, isObject, type Json, type JsonObject, textOf } from '../json.ts';
import { type Fault, invalid, required } from '../validate/fault.ts';
import { alternativeFaults } from './alternatives.ts';
import { listFaults } from './list-faults.ts';
import { enumFaults, numberFaults, sizeFaults, stringFaults } from './scalar-faults.ts';
import { additionalOf, isEmbedded, itemsOf, propertyOf, type Schema } from './schema.ts';

/** What is held against its schema: the value, and what stood there before, if anything did. */
export interface Subject {
  readonly value: Json;
  readonly old: Json | undefined;
  /** `spec.rules[0].name`; empty for the whole. */
  readonly path: string;
}

/**
 * What is wrong with an object by its structural schema, in the API server's words. What an update
 * leaves as it was is not complained of: the schema may have become stricter.
 */
export function valueFaults(
  schema: Schema,
  object: JsonObject,
  old?: JsonObject,
): readonly Fault[] {
  const check = new ValueCheck();
  const faults = check.check(schema, { value: object, old, path: '' });
  // A schema with many alternatives, a list with many entries: one times the other is too much.
  if (check.isTooMuch) {
    return [invalid('<nil>', '', 'the object is too large to be checked against its schema')];
  }
  return faults.slice(0, schemaLimits.faults);
}

export class ValueCheck {
  #steps = 0;

  /** What was found is not the whole truth. */
  get isTooMuch(): boolean {
    return this.#steps > schemaLimits.values;
  }

  check(schema: Schema, subject: Subject): Fault[] {
    const { value, old, path } = subject;
    if (old !== undefined && equal(value, old)) return [];
    this.#steps += 1;
    if (this.isTooMuch) return [];
    if (value === null && schema['nullable'] === true) return [];
    const mismatch = typeFaults(schema, value, path);
    const faults = [...mismatch, ...alternativeFaults(this, schema, subject)];
    if (mismatch.length > 0) return [...faults, ...enumFaults(schema, value, path)];
    if (typeof value === 'string') faults.push(...stringFaults(schema, value, path));
    if (typeof value === 'number') faults.push(...numberFaults(schema, value, path));
    if (isList(value)) faults.push(...this.#list(schema, subject, value));
    faults.push(...enumFaults(schema, value, path));
    if (isObject(value)) faults.push(...this.#object(schema, subject, value));
    return faults;
  }

  #list(schema: Schema, { old, path }: Subject, value: readonly Json[]): Fault[] {
    const items = itemsOf(schema);
    const faults = [...sizeFaults(schema, 'Items', { count: value.length, path })];
    if (items !== undefined) {
      value.forEach((entry, index) => {
        const before = entryBefore(schema, old, entry);
        faults.push(...this.check(items, { value: entry, old: before, path: `${path}[${index}]` }));
      });
    }
    return [...faults, ...listFaults(schema, value, path)];
  }

  #object(schema: Schema, { old, path }: Subject, value: JsonObject): Fault[] {
    const names = Object.keys(value).filter((name) => value[name] !== undefined);
    const faults = [...sizeFaults(schema, 'Properties', { count: names.length, path })];
    const additional = additionalOf(schema);
    const before = isObject(old) ? old : {};
    for (const name of names) {
      const below = propertyOf(schema, name) ?? (additional === 'any' ? undefined : additional);
      if (below === undefined) continue;
      const subject = {
        value: value[name] ?? null,
        old: before[name],
        path: pathBelow(path, name),
      };
      faults.push(...this.check(below, subject));
    }
    for (const name of isList(schema['required']) ? schema['required'] : []) {
      if (value[textOf(name)] === undefined) faults.push(required(pathBelow(path, textOf(name))));
    }
    if (path !== '' && isEmbedded(schema)) faults.push(...embeddedFaults(value, path));
    return faults;
  }
}

function pathBelow(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** Entries of a list are the same ones where the list says what names them. */
function entryBefore(schema: Schema, old: Json | undefined, entry: Json): Json | undefined {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] !== 'map' || !isList(keys)) return undefined;
  if (!isList(old) || !isObject(entry)) return undefined;
  return old.find(
    (other) =>
      isObject(other) && keys.every((key) => equal(other[textOf(key)], entry[textOf(key)])),
  );
}

/** What is wrong is said with the name of the type that was found. */
function typeFaults(schema: Schema, value: Json, path: string): Fault[] {
  const wanted =
    schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : textOf(schema['type']);
  const found = typeNameOf(value);
  if (wanted === '' || wanted.split(',').includes(found)) return [];
  if (wanted === 'number' && found === 'integer') return [];
  const words = `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`;
  const fault = invalid(path === '' ? '<nil>' : path, found, words);
  return [{ ...fault, reason: 'FieldValueTypeInvalid' }];
}

function typeNameOf(value: Json): string {
  if (value === null) return 'null';
  if (isList(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function embeddedFaults(value: JsonObject, path: string): Fault[] {
  return ['apiVersion', 'kind'].flatMap((name) => {
    const at = `${path}.${name}`;
    if (value[name] === undefined) return [required(at)];
    if (typeof value[name] !== 'string') return [invalid(at, value[name], 'must be a string')];
    return value[name] === '' ? [invalid(at, '', 'must not be empty')] : [];
  });
}
