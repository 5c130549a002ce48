import { isList, isObject, type Json, type JsonObject } from '../json.ts';

/** One level of a structural schema, as a definition has it. */
export type Schema = JsonObject;

/** The schema of a field; undefined for one that is not there. */
export function propertyOf(schema: Schema | undefined, name: string): Schema | undefined {
  const properties = schema?.['properties'];
  if (!isObject(properties) || !Object.hasOwn(properties, name)) return undefined;
  const property = properties[name];
  return isObject(property) ? property : undefined;
}

export function propertiesOf(schema: Schema | undefined): readonly (readonly [string, Schema])[] {
  const properties = schema?.['properties'];
  if (!isObject(properties)) return [];
  return Object.entries(properties).flatMap(([name, property]) =>
    isObject(property) ? [[name, property] as const] : [],
  );
}

/** What stands below keys that have no name in the schema; `any` for `true`. */
export function additionalOf(schema: Schema | undefined): Schema | 'any' | undefined {
  const additional = schema?.['additionalProperties'];
  if (isObject(additional)) return additional;
  return additional === true ? 'any' : undefined;
}

/** The schema of a list's entries. */
export function itemsOf(schema: Schema | undefined): Schema | undefined {
  const items = schema?.['items'];
  return isObject(items) ? items : undefined;
}

/** `allOf`, `anyOf`, `oneOf` */
export function alternativesOf(schema: Schema, name: string): readonly Schema[] {
  return schemasIn(schema[name]);
}

export function schemasIn(value: Json | undefined): readonly Schema[] {
  return isList(value) ? value.filter((entry) => isObject(entry)) : [];
}

export function preserves(schema: Schema | undefined): boolean {
  return schema?.['x-kubernetes-preserve-unknown-fields'] === true;
}

export function isEmbedded(schema: Schema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

export const metaFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);
