import { type Draft, isObject, type Json, set } from '../json.ts';

/** RFC 7386: null removes a key, objects are merged, all else is replaced. */
export function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: Draft = {};
  if (isObject(target)) {
    for (const [key, value] of Object.entries(target)) {
      if (value !== undefined) set(result, key, value);
    }
  }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else if (value !== undefined) {
      const old = Object.hasOwn(result, key) ? result[key] : undefined;
      set(result, key, applyMergePatch(old, value));
    }
  }
  return result;
}
