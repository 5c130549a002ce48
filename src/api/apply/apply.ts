import { type Draft, equal, isList, isObject, type Json, type JsonObject } from '../json.ts';
import type { Field, MessageType } from '../schema/type.ts';
import type { FieldSet } from './field-set.ts';
import { isAtomic, stepOf } from './fields-of.ts';

/** What is there with what is applied over it: lists by their keys, maps by theirs. */
export function overlay(type: MessageType, live: JsonObject, applied: JsonObject): JsonObject {
  const result: Draft = { ...live };
  for (const [name, value] of Object.entries(applied)) {
    if (value === undefined) continue;
    const field = type.byName.get(name);
    const old = live[name];
    result[name] =
      field === undefined || old === undefined ? value : overlayField(field, old, value);
  }
  return result;
}

function overlayField(field: Field, old: Json, value: Json): Json {
  if (isAtomic(field)) return value;
  if (field.shape === 'list') {
    return isList(old) && isList(value) ? overlayList(field, old, value) : value;
  }
  if (!isObject(old) || !isObject(value)) return value;
  if (field.shape === 'map') return { ...old, ...value };
  return field.message === undefined ? value : overlay(field.message, old, value);
}

/** Entries that were there keep their place; new ones come in the order they were applied in. */
function overlayList(field: Field, old: readonly Json[], value: readonly Json[]): Json {
  if (field.list.apply === 'atomic') return value;
  const wanted = new Map(value.map((entry) => [stepOf(field, entry), entry]));
  const merged = old.map((entry) => {
    const step = stepOf(field, entry);
    const over = step === undefined ? undefined : wanted.get(step);
    if (over === undefined) return entry;
    wanted.delete(step);
    const both = field.message !== undefined && isObject(entry) && isObject(over);
    return both && field.message !== undefined ? overlay(field.message, entry, over) : over;
  });
  return [...merged, ...wanted.values()];
}

/** An object without the members of a set; an owner that is left empty by it goes too. */
export function without(type: MessageType, object: JsonObject, gone: FieldSet): JsonObject {
  const result: Draft = {};
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue;
    const set = gone.below.get(`f:${name}`);
    const field = type.byName.get(name);
    const kept = set === undefined || field === undefined ? value : fieldWithout(field, value, set);
    if (kept !== undefined) result[name] = kept;
  }
  return result;
}

function fieldWithout(field: Field, value: Json, gone: FieldSet): Json | undefined {
  if (gone.below.size === 0) return gone.own ? undefined : value;
  if (field.shape === 'list') return isList(value) ? listWithout(field, value, gone) : value;
  if (!isObject(value)) return value;
  const rest =
    field.shape === 'map'
      ? mapWithout(value, gone)
      : field.message === undefined
        ? value
        : without(field.message, value, gone);
  return Object.keys(rest).length === 0 && !equal(rest, value) ? undefined : rest;
}

function mapWithout(map: JsonObject, gone: FieldSet): JsonObject {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !gone.below.has(`f:${key}`)));
}

function listWithout(field: Field, list: readonly Json[], gone: FieldSet): Json | undefined {
  const rest = list.flatMap((entry) => {
    const set = gone.below.get(stepOf(field, entry) ?? '');
    if (set === undefined) return [entry];
    if (set.own || field.message === undefined || !isObject(entry)) return [];
    return [without(field.message, entry, set)];
  });
  return rest.length === 0 && list.length > 0 ? undefined : rest;
}
