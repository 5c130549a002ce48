import { equal, isList, isObject, type Json, type JsonObject } from '../../api/json.ts';

/** What each change changes, and what says who made it. */
const noise = new Set([
  'metadata.managedFields',
  'metadata.resourceVersion',
  'metadata.generation',
]);

/** Paths of the fields in which two states of an object differ, the deepest that tell it. */
export function changedFields(before: JsonObject, after: JsonObject): string[] {
  return changesIn(before, after, '');
}

function changesIn(before: Json | undefined, after: Json | undefined, path: string): string[] {
  if (noise.has(path)) return [];
  if (isObject(before) && isObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) => {
      const below =
        path === '' ? name : `${path}${/^[\w-]+$/.test(name) ? `.${name}` : `[${name}]`}`;
      return changesIn(before[name], after[name], below);
    });
  }
  if (isList(before) && isList(after)) {
    const entries = [byKey(before), byKey(after)] as const;
    if (entries[0] !== undefined && entries[1] !== undefined) {
      const changes = changesOfEntries(entries[0], entries[1], path);
      // Else at most their order.
      if (changes.length > 0) return changes;
    } else if (before.length === after.length) {
      return after.flatMap((item, index) => changesIn(before[index], item, `${path}[${index}]`));
    }
  }
  return equal(before ?? null, after ?? null) ? [] : [path];
}

type Entries = ReadonlyMap<string, Json>;

function changesOfEntries(before: Entries, after: Entries, path: string): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) =>
    changesIn(before.get(key), after.get(key), `${path}[${key}]`),
  );
}

/** A list's entries by their types or names, where these tell them apart. */
function byKey(list: readonly Json[]): Entries | undefined {
  for (const field of ['type', 'name']) {
    const keys = list.map((entry) => (isObject(entry) ? entry[field] : undefined));
    if (new Set(keys).size !== list.length || list.length === 0) continue;
    if (!keys.every((key) => typeof key === 'string')) continue;
    return new Map(keys.map((key, index) => [key, list[index] ?? null]));
  }
  return undefined;
}
