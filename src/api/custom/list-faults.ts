import { isList, isObject, type Json, textOf } from '../json.ts';
import { duplicate, type Fault, invalid } from '../validate/fault.ts';
import { propertyOf, itemsOf, type Schema } from './schema.ts';

/** Entries that a list has twice, where it is a set or a map. */
export function listFaults(schema: Schema, list: readonly Json[], path: string): Fault[] {
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set') return repeated(list, path);
  if (type !== 'map') return [];
  const keys = isList(schema['x-kubernetes-list-map-keys'])
    ? schema['x-kubernetes-list-map-keys'].map(textOf)
    : [];
  const faults: Fault[] = [];
  const named = list.map((entry, index) => {
    if (!isObject(entry)) {
      const words = 'must be an object for an array of list-type map';
      faults.push(invalid(`${path}[${index}]`, entry, words));
      return undefined;
    }
    return Object.fromEntries(
      keys.flatMap((key) => {
        const value = entry[key] ?? propertyOf(itemsOf(schema), key)?.['default'];
        return value === undefined ? [] : [[key, value] as const];
      }),
    );
  });
  return [...faults, ...repeated(named, path)];
}

function repeated(list: readonly (Json | undefined)[], path: string): Fault[] {
  const seen = new Set<string>();
  return list.flatMap((entry, index) => {
    if (entry === undefined) return [];
    const text = canonical(entry);
    const known = seen.has(text);
    seen.add(text);
    return known ? [duplicate(`${path}[${index}]`, entry)] : [];
  });
}

/** The same text for what is the same, in whatever order its keys are. */
function canonical(value: Json): string {
  if (isList(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const fields = Object.keys(value)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key] ?? null)}`);
  return `{${fields.join(',')}}`;
}
