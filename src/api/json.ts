/** A value as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** An object that is being put together. */
export type Draft = Record<string, Json | undefined>;

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The text, or an empty one where there is none. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The object in a field, or an empty one. */
export function objectIn(owner: JsonObject | undefined, name: string): JsonObject {
  const value = owner?.[name];
  return isObject(value) ? value : {};
}

/** A copy to change: several times as fast as structuredClone, which knows more than JSON. */
export function copyOf(object: JsonObject): Draft {
  const copy: Draft = {};
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (typeof value !== 'object' || value === null) {
      if (key === '__proto__') set(copy, key, value ?? null);
      else copy[key] = value;
    } else set(copy, key, isList(value) ? copyOfList(value) : copyOf(value));
  }
  return copy;
}

function copyOfList(list: readonly Json[]): Json[] {
  return list.map((item) => {
    if (typeof item !== 'object' || item === null) return item;
    return isList(item) ? copyOfList(item) : copyOf(item);
  });
}

/** Sets a key of a foreign object; `__proto__` becomes a key like any other. */
export function set(target: Draft, key: string, value: Json): void {
  if (key === '__proto__') {
    const descriptor = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(target, key, descriptor);
  } else {
    target[key] = value;
  }
}

/** Whether two values are the same JSON; the order of keys does not matter. */
export function equal(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (isList(left)) {
    return (
      isList(right) &&
      left.length === right.length &&
      left.every((item, index) => equal(item, right[index]))
    );
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = presentKeys(left);
  return (
    keys.length === presentKeys(right).length && keys.every((key) => equal(left[key], right[key]))
  );
}

function presentKeys(value: JsonObject): string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined);
}
