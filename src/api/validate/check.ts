import { isList, isObject, type Json, type JsonObject } from '../json.ts';
import { parseQuantity } from '../quantity.ts';
import { duplicate, type Fault, invalid, notSupported } from './fault.ts';
import { type NameForm, portName } from './name.ts';

/** Looks at one value; `owner` is what it is a field of. */
export type Check = (value: Json, path: string, owner: JsonObject) => readonly Fault[];

/** Looks at a message as a whole. */
export type OwnerCheck = (owner: JsonObject, path: string) => readonly Fault[];

/** What a message type asks of its fields; fields that the schema calls required are so here. */
export interface TypeChecks {
  readonly fields?: Readonly<Record<string, readonly Check[]>>;
  readonly whole?: readonly OwnerCheck[];
  /** Required by the schema, and yet taken when absent. */
  readonly optional?: readonly string[];
}

export type CheckTable = Readonly<Record<string, TypeChecks>>;

export function oneOf(...words: readonly string[]): Check {
  return (value, path) =>
    typeof value === 'string' && words.includes(value) ? [] : [notSupported(path, value, words)];
}

export function named(form: NameForm): Check {
  return (value, path) =>
    typeof value === 'string' ? form(value).map((words) => invalid(path, value, words)) : [];
}

export function between(least: number, most: number): Check {
  return (value, path) =>
    typeof value === 'number' && (value < least || value > most)
      ? [invalid(path, value, `must be between ${least} and ${most}, inclusive`)]
      : [];
}

export const port: Check = between(1, 65_535);

/** A number from 1, or the name of one of a container's ports. */
export const portOrName: Check = (value, path, owner) =>
  typeof value === 'number' ? port(value, path, owner) : named(portName)(value, path, owner);

export function atLeast(least: number): Check {
  return (value, path) =>
    typeof value === 'number' && value < least
      ? [invalid(path, value, `must be greater than or equal to ${least}`)]
      : [];
}

/** Entries of a list are named differently. */
export function distinct(key: string): Check {
  return (list, path) => {
    const seen = new Set<string>();
    return entries(list).flatMap((entry, index) => {
      const name = entry[key];
      if (typeof name !== 'string' || name === '') return [];
      if (seen.has(name)) return [duplicate(`${path}[${index}].${key}`, name)];
      seen.add(name);
      return [];
    });
  };
}

/** Amounts in a map of resources. */
export const amounts: Check = (map, path) => {
  if (!isObject(map)) return [];
  return Object.entries(map).flatMap(([name, amount]) =>
    typeof amount === 'string' && parseQuantity(amount).nano < 0n
      ? [invalid(`${path}[${name}]`, amount, 'must be greater than or equal to 0')]
      : [],
  );
};

/** The objects in a list. */
export function entries(list: Json | undefined): readonly JsonObject[] {
  return isList(list) ? list.map((entry) => (isObject(entry) ? entry : {})) : [];
}
