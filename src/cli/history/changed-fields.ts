import { equal, isObject, type Json, type JsonObject } from '../../api/json.ts';

const noise = new Set(['metadata.managedFields', 'metadata.resourceVersion']);

/** Paths of the fields in which two states of an object differ, the deepest that tell it. */
export function changedFields(before: JsonObject, after: JsonObject): string[] {
  return changesIn(before, after, '').filter((path) => !noise.has(path));
}

function changesIn(before: Json | undefined, after: Json | undefined, path: string): string[] {
  if (isObject(before) && isObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) => {
      const below =
        path === '' ? name : `${path}${/^[\w-]+$/.test(name) ? `.${name}` : `[${name}]`}`;
      return changesIn(before[name], after[name], below);
    });
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return after.flatMap((item: Json, index) =>
      changesIn((before as readonly Json[])[index], item, `${path}[${index}]`),
    );
  }
  return equal(before ?? null, after ?? null) ? [] : [path];
}
