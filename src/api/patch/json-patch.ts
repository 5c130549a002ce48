import { DomainError } from '../../base/error.ts';
import { type Draft, equal, isList, isObject, type Json, set } from '../json.ts';

/** As many as the API takes. */
const mostOperations = 10_000;
/** `copy` can double a document each time. */
const largestCopy = 3 * 1024 * 1024;

/** RFC 6902, on a copy. Throws DomainError `invalid`: nothing is changed then. */
export function applyJsonPatch(target: Json, patch: Json): Json {
  if (!isList(patch)) throw refused('the patch is no list of operations');
  if (patch.length > mostOperations) {
    throw refused(`the allowed maximum operations in a JSON patch is ${mostOperations}`);
  }
  const state = { document: structuredClone(target), copied: 0 };
  patch.forEach((operation) => perform(state, readOperation(operation)));
  return state.document;
}

interface State {
  document: Json;
  copied: number;
}

interface Operation {
  readonly op: string;
  readonly path: readonly string[];
  readonly from: readonly string[] | undefined;
  readonly value: Json | undefined;
}

function readOperation(operation: Json): Operation {
  if (!isObject(operation)) throw refused('an operation is no object');
  const { op, path, from, value } = operation;
  if (typeof op !== 'string') throw refused('an operation has no "op"');
  if (typeof path !== 'string') throw refused(`operation "${op}" has no "path"`);
  return {
    op,
    path: readPointer(path),
    from: typeof from === 'string' ? readPointer(from) : undefined,
    value,
  };
}

/** RFC 6901. */
function readPointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw refused(`path "${pointer}" does not start with "/"`);
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function perform(state: State, operation: Operation): void {
  const { op, path } = operation;
  if (op === 'test') return test(state, operation);
  if (op === 'add') return put(state, path, valueOf(operation));
  if (op === 'remove') return void remove(state, path);
  if (op === 'replace') {
    find(state.document, path);
    if (path.length > 0) remove(state, path);
    return put(state, path, valueOf(operation));
  }
  if (op === 'move') return put(state, path, remove(state, fromOf(operation)));
  if (op === 'copy') {
    const copied = structuredClone(find(state.document, fromOf(operation)));
    state.copied += JSON.stringify(copied).length;
    if (state.copied > largestCopy) throw refused('its copies are too large');
    return put(state, path, copied);
  }
  throw refused(`unknown operation "${op}"`);
}

function test(state: State, operation: Operation): void {
  let found: Json | undefined;
  try {
    found = find(state.document, operation.path);
  } catch {
    found = undefined;
  }
  // What is absent is as good as null.
  if (equal(found ?? null, operation.value ?? null)) return;
  throw refused(`testing path /${operation.path.join('/')} failed`);
}

function valueOf({ op, value }: Operation): Json {
  if (value === undefined) throw refused(`operation "${op}" has no "value"`);
  return structuredClone(value);
}

function fromOf({ op, from }: Operation): readonly string[] {
  if (from === undefined) throw refused(`operation "${op}" has no "from"`);
  return from;
}

function find(document: Json, path: readonly string[]): Json {
  let at: Json | undefined = document;
  for (const part of path) {
    if (isList(at)) at = at[indexIn(at.length - 1, part, path)];
    else at = isObject(at) && Object.hasOwn(at, part) ? at[part] : undefined;
    if (at === undefined) throw missing(path);
  }
  return at;
}

function put(state: State, path: readonly string[], value: Json): void {
  const key = path.at(-1);
  if (key === undefined) {
    state.document = value;
    return;
  }
  const owner = find(state.document, path.slice(0, -1));
  if (isList(owner)) {
    const at = key === '-' ? owner.length : indexIn(owner.length, key, path);
    (owner as Json[]).splice(at, 0, value);
  } else if (isObject(owner)) set(owner, key, value);
  else throw missing(path);
}

function remove(state: State, path: readonly string[]): Json {
  const found = find(state.document, path);
  const key = path.at(-1);
  if (key === undefined) throw refused('the whole document cannot be removed');
  const owner = find(state.document, path.slice(0, -1));
  if (isList(owner)) (owner as Json[]).splice(Number(key), 1);
  else Reflect.deleteProperty(owner as Draft, key);
  return found;
}

function indexIn(last: number, part: string, path: readonly string[]): number {
  const index = /^(0|[1-9]\d{0,8})$/.test(part) ? Number(part) : -1;
  if (index < 0 || index > last) throw missing(path);
  return index;
}

function missing(path: readonly string[]): DomainError {
  return refused(`path "/${path.join('/')}" is not there`);
}

function refused(what: string): DomainError {
  return new DomainError('invalid', `The JSON patch cannot be applied: ${what}`);
}
