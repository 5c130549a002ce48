import { copyOf, type Draft, isList, isObject, type Json, set } from '../json.ts';
import { additionalOf, itemsOf, propertiesOf, propertyOf, type Schema } from './schema.ts';

/**
 * A value with its schema's defaults where it says nothing. A null that is not allowed counts as
 * nothing: it becomes the default, or is left out where there is none.
 */
export function fill(value: Json, schema: Schema | undefined): Json {
  if (schema === undefined) return value;
  if (isList(value)) {
    const items = itemsOf(schema);
    return items === undefined ? value : value.map((entry) => fill(orDefault(entry, items), items));
  }
  if (!isObject(value)) return value;
  const filled: Draft = {};
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const property = propertyOf(schema, name) ?? additionalSchema(schema);
    const given = property === undefined ? item : orDefault(item, property);
    // A field's null, that is: in a map it is a mistake, which validation tells.
    const isNothing = given === null && propertyOf(schema, name) !== undefined;
    if (isNothing && property?.['nullable'] !== true) continue;
    set(filled, name, fill(given, property));
  }
  for (const [name, property] of propertiesOf(schema)) {
    const standard = property['default'];
    if (Object.hasOwn(filled, name) || standard === undefined) continue;
    set(filled, name, fill(copied(standard), property));
  }
  return filled;
}

function additionalSchema(schema: Schema): Schema | undefined {
  const additional = additionalOf(schema);
  return additional === 'any' ? undefined : additional;
}

function orDefault(value: Json, schema: Schema): Json {
  const standard = schema['default'];
  const counts = value === null && schema['nullable'] !== true && standard !== undefined;
  return counts ? copied(standard) : value;
}

function copied(value: Json): Json {
  return copyOf({ value })['value'] ?? null;
}
