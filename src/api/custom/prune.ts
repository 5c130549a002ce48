import { type Draft, isList, isObject, type Json, set } from '../json.ts';
import type { Unknown } from '../decode-json.ts';
import {
  additionalOf,
  isEmbedded,
  itemsOf,
  metaFields,
  preserves,
  propertiesOf,
  propertyOf,
  type Schema,
} from './schema.ts';

/** Where a value stands: its path, and whom to tell of what is left out. */
interface Place {
  readonly path: string;
  readonly unknown: Unknown[];
}

/** A value with the fields that its schema has; what else there is, is left out and noted. */
export function prune(value: Json, schema: Schema | undefined, place: Place): Json {
  if (isList(value)) {
    return value.map((entry, index) =>
      within(entry, itemsOf(schema), schema, { ...place, path: `${place.path}[${index}]` }),
    );
  }
  return isObject(value) ? pruneObject(value, schema, place) : value;
}

/** Below what keeps unknown fields, only what has a schema of its own is pruned. */
// oxlint-disable-next-line max-params -- the value's own schema, its owner's
function within(
  value: Json,
  schema: Schema | undefined,
  owner: Schema | undefined,
  place: Place,
): Json {
  return schema === undefined && preserves(owner) ? value : prune(value, schema, place);
}

function pruneObject(
  value: Exclude<Json, null | boolean | number | string | readonly Json[]>,
  schema: Schema | undefined,
  place: Place,
): Json {
  const kept: Draft = {};
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const path = place.path === '' ? name : `${place.path}.${name}`;
    const below = { ...place, path };
    if (schema !== undefined && isEmbedded(schema) && metaFields.has(name)) {
      set(kept, name, item);
      continue;
    }
    const property = propertyOf(schema, name);
    const additional = property === undefined ? additionalOf(schema) : undefined;
    if (property !== undefined) set(kept, name, prune(item, property, below));
    else if (additional === 'any') set(kept, name, prune(item, undefined, below));
    else if (additional !== undefined) set(kept, name, prune(item, additional, below));
    else if (preserves(schema)) set(kept, name, item);
    else place.unknown.push({ path, field: name, type: { byName: namesOf(schema) } });
  }
  return kept;
}

/** For who mistyped one of them. */
function namesOf(schema: Schema | undefined): ReadonlyMap<string, never> {
  return new Map(propertiesOf(schema).map(([name]) => [name, undefined as never]));
}
