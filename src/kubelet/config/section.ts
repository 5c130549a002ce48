import { type Draft, equal, isObject, type Json, type JsonObject } from '../../api/json.ts';
import { DomainError } from '../../base/error.ts';
import { nearest } from '../../base/nearest.ts';
import { own } from '../../base/own.ts';
import { type Field, type Values, wrong } from './field.ts';

export type Fields = Readonly<Record<string, Field<unknown>>>;

export interface ReadSection<Of extends Fields> {
  readonly values: Values<Of>;
  /** What was read with what was left out, as the file would have it. */
  readonly document: JsonObject;
  /** What was asked for and has no effect: `cpuManagerPolicy`. */
  readonly ignored: readonly string[];
}

/** Reads a mapping. Throws DomainError `invalid` for a key that is not known. */
export function readSection<Of extends Fields>(
  fields: Of,
  given: JsonObject,
  path: string,
): ReadSection<Of> {
  const place = (name: string) => (path === '' ? name : `${path}.${name}`);
  for (const name of Object.keys(given)) {
    if (own(fields, name) === undefined) throw unknown(place(name), name, Object.keys(fields));
  }
  const values: Record<string, unknown> = {};
  const document: Draft = {};
  const ignored: string[] = [];
  for (const [name, field] of Object.entries(fields)) {
    // A null is what is left out, as everywhere in the API.
    const value = own(given, name) ?? field.fallback;
    values[name] = field.read(value, place(name));
    document[name] = isSection(field) ? field.complete(value) : value;
    if (isSection(field)) ignored.push(...field.ignoredIn(value, place(name)));
    else if (!field.honoured && !equal(value, field.fallback)) ignored.push(place(name));
  }
  return { values: values as Values<Of>, document, ignored };
}

interface Section<Value> extends Field<Value> {
  readonly complete: (value: Json) => JsonObject;
  readonly ignoredIn: (value: Json, path: string) => readonly string[];
}

/** A mapping in a mapping, with fields of its own. */
export function section<Of extends Fields>(fields: Of): Section<Values<Of>> {
  const readAll = (value: Json, path: string) => {
    if (!isObject(value)) throw wrong(path, value, 'a mapping');
    return readSection(fields, value, path);
  };
  return {
    fallback: {},
    honoured: true,
    read: (value, path) => readAll(value, path).values,
    complete: (value) => readAll(value, '').document,
    ignoredIn: (value, path) => readAll(value, path).ignored,
  };
}

function isSection(field: Field<unknown>): field is Section<unknown> {
  return 'complete' in field;
}

function unknown(path: string, name: string, known: readonly string[]): DomainError {
  const guess = nearest(name, known);
  const hint = guess === undefined ? '' : `; did you mean ${JSON.stringify(guess)}?`;
  return new DomainError('invalid', `Unknown field ${JSON.stringify(path)}${hint}`);
}
