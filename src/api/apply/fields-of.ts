import { isList, isObject, type Json, type JsonObject } from '../json.ts';
import type { Field, MessageType } from '../schema/type.ts';
import { type FieldSet, isEmptySet, ownSet } from './field-set.ts';

/** What the server sets is nobody's. */
const unmanaged = new Set([
  'apiVersion',
  'kind',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'metadata.resourceVersion',
  'metadata.generation',
  'metadata.creationTimestamp',
  'metadata.deletionTimestamp',
  'metadata.deletionGracePeriodSeconds',
  'metadata.managedFields',
  'metadata.selfLink',
]);

/** The fields that an object has, down to what its type takes as one. */
export function fieldsOf(type: MessageType, object: JsonObject): FieldSet {
  return ofMessage(type, object, '');
}

function ofMessage(type: MessageType, object: JsonObject, path: string): FieldSet {
  const below = new Map<string, FieldSet>();
  for (const [name, value] of Object.entries(object)) {
    const at = path === '' ? name : `${path}.${name}`;
    const field = type.byName.get(name);
    if (value === undefined || field === undefined || unmanaged.has(at)) continue;
    const inner = ofField(field, value, at);
    if (!isEmptySet(inner)) below.set(`f:${name}`, inner);
  }
  return { own: false, below };
}

function ofField(field: Field, value: Json, path: string): FieldSet {
  if (field.shape === 'list') return isList(value) ? ofList(field, value) : ownSet;
  if (field.shape === 'map') return isObject(value) ? ofMap(field, value) : ownSet;
  if (field.message === undefined || !isObject(value) || isAtomic(field)) return ownSet;
  const inner = ofMessage(field.message, value, path.startsWith('metadata') ? path : 'inside');
  // An empty object is set by whoever wrote it; metadata with nothing but a name is nobody's.
  const isOwn = path !== 'metadata' && Object.keys(value).length === 0;
  return isOwn ? ownSet : inner;
}

export function isAtomic({ atomic, message }: Field): boolean {
  return atomic || message?.atomic === true;
}

function ofMap(field: Field, map: JsonObject): FieldSet {
  if (field.atomic) return ownSet;
  const below = new Map(Object.keys(map).map((key) => [`f:${key}`, ownSet] as const));
  // An empty one adds nothing to what others have in it.
  return { own: below.size > 0, below };
}

function ofList(field: Field, list: readonly Json[]): FieldSet {
  if (field.list.apply === 'atomic') return ownSet;
  const below = new Map<string, FieldSet>();
  for (const entry of list) {
    const step = stepOf(field, entry);
    if (step === undefined) continue;
    const inner =
      field.message !== undefined && isObject(entry) ? ofEntry(field.message, entry) : ownSet;
    below.set(step, inner);
  }
  return { own: below.size > 0, below };
}

function ofEntry(type: MessageType, entry: JsonObject): FieldSet {
  return { own: true, below: ofMessage(type, entry, 'inside').below };
}

/** How an entry of a list is named; undefined where its keys are not there. */
export function stepOf(field: Field, entry: Json): string | undefined {
  if (field.list.apply === 'set') return `v:${JSON.stringify(entry)}`;
  if (!isObject(entry)) return undefined;
  const keys: Record<string, Json> = {};
  for (const key of field.list.keys.toSorted()) {
    const value = entry[key] ?? defaultKeys[key];
    if (value === undefined) return undefined;
    keys[key] = value;
  }
  return `k:${JSON.stringify(keys)}`;
}

/** A key may be left out where it has a default. */
const defaultKeys: Readonly<Record<string, Json>> = { protocol: 'TCP' };
