import { DomainError } from '../base/error.ts';

/** A JSON object from outside: every field must be looked at before it is used. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses a document that has to be an object; `what` names it in the DomainError `invalid`. */
export function parseJsonObject(bytes: Uint8Array, what: string): JsonObject {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DomainError('invalid', `${what} is not UTF-8`);
  }
  return parseJsonText(text, what);
}

export function parseJsonText(text: string, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's message quotes the document, which may hold a secret or control characters.
    throw new DomainError('invalid', `${what} is not JSON`);
  }
  if (!isJsonObject(value)) throw new DomainError('invalid', `${what} is not a JSON object`);
  return value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field's text; '' when it is absent or null. */
export function textField(object: JsonObject, key: string): string {
  const value = fieldOf(object, key);
  if (value === undefined) return '';
  if (typeof value !== 'string') throw wrongType(key, 'text');
  return value;
}

/** The field's list; empty when it is absent or null. */
export function listField(object: JsonObject, key: string): readonly unknown[] {
  const value = fieldOf(object, key);
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrongType(key, 'a list');
  return value;
}

export function textListField(object: JsonObject, key: string): readonly string[] {
  return listField(object, key).map((item) => {
    if (typeof item !== 'string') throw wrongType(key, 'a list of texts');
    return item;
  });
}

/** The field's object; empty when it is absent or null. */
export function objectField(object: JsonObject, key: string): JsonObject {
  const value = fieldOf(object, key);
  if (value === undefined) return {};
  if (!isJsonObject(value)) throw wrongType(key, 'an object');
  return value;
}

export function textMapField(object: JsonObject, key: string): Readonly<Record<string, string>> {
  const entries = Object.entries(objectField(object, key));
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (typeof value !== 'string') throw wrongType(key, 'an object of texts');
      return [name, value];
    }),
  );
}

/** A size: an integer from 0 to 2^53 - 1. */
export function sizeField(object: JsonObject, key: string): number {
  const value = fieldOf(object, key);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw wrongType(key, 'a size');
  }
  return value;
}

/** Own fields only, so that a field named `constructor` is not found where there is none. */
function fieldOf(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? (object[key] ?? undefined) : undefined;
}

function wrongType(key: string, expected: string): DomainError {
  return new DomainError('invalid', `Field "${key}" is not ${expected}`);
}
