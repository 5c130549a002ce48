import { DomainError } from '../../base/error.ts';
import { type Draft, equal, isList, isObject, type Json, type JsonObject, set } from '../json.ts';
import type { Field, MessageType } from '../schema/type.ts';

const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

/**
 * Kubernetes' strategic merge: lists are merged by the key that the schema names, and directives
 * (`$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`) say what merging
 * alone cannot. Throws DomainError `invalid` for a directive that makes no sense.
 */
export function applyStrategicMerge(
  type: MessageType | undefined,
  target: JsonObject,
  patch: JsonObject,
): JsonObject {
  const directive = patch['$patch'];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') throw unknownDirective(directive);
  const result = retained(target, patch['$retainKeys']);
  removeFromLists(result, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$') || value === undefined) continue;
    if (value === null) Reflect.deleteProperty(result, key);
    else mergeKey(result, { type, key, value, order: patch[orderPrefix + key] });
  }
  orderUntouched(type, result, patch);
  return result;
}

interface Change {
  readonly type: MessageType | undefined;
  readonly key: string;
  readonly value: Json;
  readonly order: Json | undefined;
}

function mergeKey(result: Draft, { type, key, value, order }: Change): void {
  const field = type?.byName.get(key);
  const old = Object.hasOwn(result, key) ? result[key] : undefined;
  if (isObject(value)) {
    const inner = field?.shape === 'single' ? field.message : undefined;
    set(result, key, applyStrategicMerge(inner, isObject(old) ? old : {}, value));
  } else if (isList(value) && field !== undefined && field.list.merges) {
    const merged = mergeList(field, isList(old) ? old : [], value);
    set(result, key, inOrder(field, merged, order));
  } else set(result, key, isList(value) ? value.filter(isNoDirective) : value);
}

function mergeList(field: Field, old: readonly Json[], patch: readonly Json[]): Json[] {
  const replacing = patch.some((item) => isObject(item) && item['$patch'] === 'replace');
  if (replacing) return patch.filter(isNoDirective).map(cleaned);
  return field.list.mergeKey === undefined
    ? [...old, ...patch.filter((item) => !old.some((known) => equal(known, item)))]
    : mergeEntries(field, { old, patch, key: field.list.mergeKey });
}

/** `- $patch: replace` alone is an entry that says something of the list. */
function isNoDirective(item: Json): boolean {
  return !isObject(item) || item['$patch'] !== 'replace' || Object.keys(item).length > 1;
}

interface Entries {
  readonly old: readonly Json[];
  readonly patch: readonly Json[];
  readonly key: string;
}

function mergeEntries(field: Field, { old, patch, key }: Entries): Json[] {
  const result = [...old];
  const places = new Map(result.map((item, index) => [identity(item, key), index]));
  const removed = new Set<number>();
  for (const item of patch) {
    const name = identity(item, key);
    if (!isObject(item) || name === undefined) {
      throw new DomainError(
        'invalid',
        `map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`,
      );
    }
    const at = places.get(name);
    if (item['$patch'] === 'delete') {
      if (at !== undefined) removed.add(at);
    } else if (at === undefined || removed.has(at)) {
      places.set(name, result.length);
      result.push(cleaned(applyStrategicMerge(field.message, {}, item)));
    } else {
      const known = result[at];
      result[at] = applyStrategicMerge(field.message, isObject(known) ? known : {}, item);
    }
  }
  return result.filter((_, index) => !removed.has(index));
}

/** What names an entry; numbers and texts do not name the same. */
function identity(item: Json | undefined, key: string): string | undefined {
  const value = isObject(item) ? item[key] : undefined;
  return value === undefined || value === null ? undefined : JSON.stringify(value);
}

function retained(target: JsonObject, keys: Json | undefined): Draft {
  if (keys === undefined) return { ...target };
  if (!isList(keys)) throw new DomainError('invalid', '$retainKeys is no list');
  return Object.fromEntries(Object.entries(target).filter(([key]) => keys.includes(key)));
}

function removeFromLists(result: Draft, patch: JsonObject): void {
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith(deletePrefix)) continue;
    const name = key.slice(deletePrefix.length);
    const old = result[name];
    if (!isList(value)) throw new DomainError('invalid', `${key} is no list`);
    if (!isList(old)) continue;
    result[name] = old.filter((item) => !value.some((gone) => equal(gone, item)));
  }
}

/** An order may be given for a list that the patch does not change otherwise. */
function orderUntouched(type: MessageType | undefined, result: Draft, patch: JsonObject): void {
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(orderPrefix)) continue;
    const name = key.slice(orderPrefix.length);
    const field = type?.byName.get(name);
    const list = result[name];
    if (Object.hasOwn(patch, name) || field === undefined || !isList(list)) continue;
    result[name] = inOrder(field, list, order);
  }
}

/**
 * The entries that the order names come in its order; each other one keeps its place after the
 * entry that stood before it.
 */
function inOrder(field: Field, list: readonly Json[], order: Json | undefined): Json[] {
  if (!isList(order)) return [...list];
  const key = field.list.mergeKey;
  const nameOf = (item: Json) => (key === undefined ? JSON.stringify(item) : identity(item, key));
  const rank = new Map(order.map((item, index) => [nameOf(item), index]));
  const named = list.filter((item) => rank.has(nameOf(item)));
  named.sort((left, right) => (rank.get(nameOf(left)) ?? 0) - (rank.get(nameOf(right)) ?? 0));
  let next = 0;
  return list.map((item) => (rank.has(nameOf(item)) ? (named[next++] ?? item) : item));
}

function withoutDirectives(patch: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(patch).filter(([key]) => !key.startsWith('$')));
}

function cleaned(item: Json): Json {
  return isObject(item) ? withoutDirectives(item) : item;
}

function unknownDirective(directive: Json): DomainError {
  return new DomainError('invalid', `unknown patch type: ${JSON.stringify(directive)}`);
}
