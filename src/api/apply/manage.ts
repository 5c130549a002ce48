import { copyOf, equal, isList, isObject, type Json, type JsonObject } from '../json.ts';
import type { Field, MessageType } from '../schema/type.ts';
import { ApiError, type Cause } from '../status.ts';
import { overlay, without } from './apply.ts';
import {
  describePath,
  difference,
  emptySet,
  type FieldSet,
  intersection,
  isEmptySet,
  pathsOf,
  union,
} from './field-set.ts';
import { fieldsOf, stepOf } from './fields-of.ts';
import { isSameManager, type Manager, readManagers, writeManagers } from './managers.ts';

/** Who changes an object now. */
export type Author = Omit<Manager, 'fields' | 'operation'>;

/**
 * The object after an update, with who manages what: fields that it changed are its author's
 * alone, and what is gone is nobody's.
 */
export function recordUpdate(
  type: MessageType,
  { old, object }: { readonly old: JsonObject | undefined; readonly object: JsonObject },
  author: Author,
): JsonObject {
  const result = copyOf(object);
  const managers = readManagers(old ?? {});
  const present = fieldsOf(type, object);
  const changed = differences(type, present, { old: old ?? {}, object });
  const self = { ...author, operation: 'Update' as const };
  const known = managers.find((manager) => isSameManager(manager, self));
  const others = managers
    .filter((manager) => manager !== known)
    .map((manager) => ({
      ...manager,
      fields: difference(intersection(manager.fields, present), changed),
    }));
  const own = union(intersection(known?.fields ?? emptySet, present), changed);
  const time = isEmptySet(changed) && known !== undefined ? known.time : author.time;
  writeManagers(result, [...others, { ...self, time, fields: own }]);
  return result;
}

/**
 * Server-side apply: the fields that a manager wants, over what is there. What it wanted before
 * and wants no more is removed, unless another one manages it. Throws `Conflict` for fields that
 * others have set to something else, unless `force` takes them over.
 */
export function applyConfiguration(
  type: MessageType,
  { live, applied }: { readonly live: JsonObject; readonly applied: JsonObject },
  { author, force }: { readonly author: Author; readonly force: boolean },
): JsonObject {
  const self = { ...author, operation: 'Apply' as const };
  const managers = readManagers(live);
  const wanted = fieldsOf(type, applied);
  const before = managers.find((manager) => isSameManager(manager, self))?.fields ?? emptySet;
  const others = managers.filter((manager) => !isSameManager(manager, self));
  const differing = differences(type, leavesOf(wanted), { old: live, object: applied });
  const conflicts = others
    .map((manager) => ({ manager, fields: intersection(manager.fields, differing) }))
    .filter(({ fields }) => !isEmptySet(fields));
  if (conflicts.length > 0 && !force) throw conflictOf(conflicts);
  const held = others.map(({ fields }) => fields).reduce(union, wanted);
  const merged = overlay(type, live, applied);
  const result = copyOf(without(type, merged, difference(before, held)));
  const kept = others.map((manager) => ({
    ...manager,
    fields: force ? difference(manager.fields, differing) : manager.fields,
  }));
  const time = equal(result, live) ? timeOf(managers, self, author.time) : author.time;
  writeManagers(result, [...kept, { ...self, time, fields: wanted }]);
  return result;
}

function timeOf(
  managers: readonly Manager[],
  self: Author & { operation: 'Apply' },
  now: string,
): string {
  return managers.find((manager) => isSameManager(manager, self))?.time ?? now;
}

/** Which of its fields an object has with another value than the old one, or alone. */
function differences(
  type: MessageType,
  fields: FieldSet,
  { old, object }: { readonly old: JsonObject; readonly object: JsonObject },
): FieldSet {
  const entries = new Entries();
  return unequal({ type, entries }, fields, { old, object });
}

/** Lists by their entries' steps: one of thousands would be searched once for each of them. */
class Entries {
  readonly #known = new Map<readonly Json[], ReadonlyMap<string | undefined, Json>>();

  find(list: readonly Json[], field: Field, step: string): Json | undefined {
    const known = this.#known.get(list);
    if (known !== undefined) return known.get(step);
    // Of two with the same step the first one counts.
    const made = new Map(list.toReversed().map((entry) => [stepOf(field, entry), entry] as const));
    this.#known.set(list, made);
    return made.get(step);
  }
}

/** What a path leads through: a message, or a field's list or map. */
interface Ground {
  readonly type: MessageType | undefined;
  readonly field?: Field | undefined;
  readonly entries: Entries;
}

/** What is equal as a whole is not looked into. */
function unequal(
  ground: Ground,
  set: FieldSet,
  { old, object }: { readonly old: Json | undefined; readonly object: Json | undefined },
): FieldSet {
  if (equal(old, object)) return emptySet;
  const below = new Map<string, FieldSet>();
  for (const [step, inner] of set.below) {
    const values = { old: valueAt(ground, old, step), object: valueAt(ground, object, step) };
    const rest = unequal(groundBelow(ground, step), inner, values);
    if (!isEmptySet(rest)) below.set(step, rest);
  }
  return { own: set.own, below };
}

/** Lists and maps that are merged are not in conflict as wholes. */
function leavesOf({ own, below }: FieldSet): FieldSet {
  const inner = new Map([...below].map(([step, set]) => [step, leavesOf(set)] as const));
  return { own: own && below.size === 0, below: inner };
}

function groundBelow({ type, field, entries }: Ground, step: string): Ground {
  if (!step.startsWith('f:')) return { type: field?.message, entries };
  const isInMap = field?.shape === 'map' && type === undefined;
  const below = isInMap ? undefined : type?.byName.get(step.slice(2));
  return { type: below?.shape === 'single' ? below.message : undefined, field: below, entries };
}

function valueAt(
  { field, entries }: Ground,
  owner: Json | undefined,
  step: string,
): Json | undefined {
  if (step.startsWith('f:')) return isObject(owner) ? owner[step.slice(2)] : undefined;
  return isList(owner) && field !== undefined ? entries.find(owner, field, step) : undefined;
}

function conflictOf(
  conflicts: readonly { readonly manager: Manager; readonly fields: FieldSet }[],
): ApiError {
  const causes: Cause[] = conflicts.flatMap(({ manager, fields }) =>
    [...pathsOf(fields)].map((path) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${JSON.stringify(manager.name)}${usingOf(manager)}`,
      field: describePath(path),
    })),
  );
  const count = causes.length === 1 ? '1 conflict' : `${causes.length} conflicts`;
  const words = conflicts.map(({ manager, fields }) => {
    const paths = [...pathsOf(fields)].map(describePath);
    const who = `${JSON.stringify(manager.name)}${usingOf(manager)}`;
    return paths.length === 1
      ? `conflict with ${who}: ${paths[0] ?? ''}`
      : `conflicts with ${who}:\n${paths.map((path) => `- ${path}`).join('\n')}`;
  });
  return new ApiError('Conflict', `Apply failed with ${count}: ${words.join('\n')}`, { causes });
}

function usingOf({ apiVersion, operation }: Manager): string {
  return operation === 'Update' ? ` using ${apiVersion}` : '';
}
