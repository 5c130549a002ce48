import { isObject, type Draft, type JsonObject } from '../json.ts';

/**
 * A set of paths in an object, as server-side apply keeps one for each manager. A step is a field
 * (`f:spec`), an entry of a list by its keys (`k:{"name":"a"}`) or by its value (`v:"x"`).
 */
export interface FieldSet {
  /** The path itself is a member. */
  readonly own: boolean;
  readonly below: ReadonlyMap<string, FieldSet>;
}

export const emptySet: FieldSet = { own: false, below: new Map() };
export const ownSet: FieldSet = { own: true, below: new Map() };

export function isEmptySet({ own, below }: FieldSet): boolean {
  return !own && below.size === 0;
}

/** Members of either. */
export function union(left: FieldSet, right: FieldSet): FieldSet {
  const below = new Map(left.below);
  for (const [step, set] of right.below) {
    const known = below.get(step);
    below.set(step, known === undefined ? set : union(known, set));
  }
  return { own: left.own || right.own, below };
}

/** Members of the first that are not of the second. */
export function difference(left: FieldSet, right: FieldSet): FieldSet {
  const below = new Map<string, FieldSet>();
  for (const [step, set] of left.below) {
    const other = right.below.get(step);
    const rest = other === undefined ? set : difference(set, other);
    if (!isEmptySet(rest)) below.set(step, rest);
  }
  return { own: left.own && !right.own, below };
}

/** Members of both. */
export function intersection(left: FieldSet, right: FieldSet): FieldSet {
  const below = new Map<string, FieldSet>();
  for (const [step, set] of left.below) {
    const other = right.below.get(step);
    if (other === undefined) continue;
    const both = intersection(set, other);
    if (!isEmptySet(both)) below.set(step, both);
  }
  return { own: left.own && right.own, below };
}

/** Every member's path. */
export function* pathsOf(
  set: FieldSet,
  path: readonly string[] = [],
): Generator<readonly string[]> {
  if (set.own) yield path;
  for (const [step, inner] of set.below) yield* pathsOf(inner, [...path, step]);
}

/** The form in `metadata.managedFields`; steps of a level in their order. */
export function encodeFieldSet({ own, below }: FieldSet): JsonObject {
  const encoded: Draft = {};
  // A leaf needs no mark of its own.
  if (own && below.size > 0) encoded['.'] = {};
  for (const step of [...below.keys()].toSorted()) {
    encoded[step] = encodeFieldSet(below.get(step) ?? emptySet);
  }
  return encoded;
}

/** The inverse; what is no step is left out. */
export function decodeFieldSet(encoded: JsonObject): FieldSet {
  const below = new Map<string, FieldSet>();
  let own = false;
  for (const [step, inner] of Object.entries(encoded)) {
    if (step === '.') own = true;
    else if (/^[fkvi]:/.test(step) && isObject(inner)) below.set(step, decodeFieldSet(inner));
  }
  return { own: own || below.size === 0, below };
}

/** `.spec.containers[name="a"].image`, as conflicts name fields. */
export function describePath(path: readonly string[]): string {
  return path.map(describeStep).join('');
}

function describeStep(step: string): string {
  const rest = step.slice(2);
  if (step.startsWith('f:')) return `.${rest}`;
  if (step.startsWith('v:')) return `[=${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}
