import { keyOf, type ObjectList, type Stored } from './client.ts';
import type { ApiObject } from './resources.ts';

export type Listener<T> = (now: Stored<T> | undefined, before: Stored<T> | undefined) => void;

type IndexOf<T> = (object: Stored<T>) => readonly string[];

/**
 * Objects by key and by indexes. Of an object only a newer state replaces an older one; states
 * are ordered by resourceVersion, which is a number that grows in all clusters there are.
 */
export class ObjectCache<T extends ApiObject> {
  readonly listeners: Listener<T>[] = [];
  readonly #objects = new Map<string, Stored<T>>();
  readonly #indexes = new Map<string, { of: IndexOf<T>; keys: Map<string, Set<string>> }>();
  #keep: (object: Stored<T>) => Stored<T>;
  /** Namespaces listed by themselves: what a watch tells of them from before is old. */
  readonly #floors = new Map<string, number>();
  #head = 0;

  constructor(
    indexes: Readonly<Record<string, IndexOf<T>>>,
    keep: (object: Stored<T>) => Stored<T> = (object) => object,
  ) {
    this.addIndexes({
      namespace: ({ metadata }) => [metadata.namespace ?? ''],
      owner: ({ metadata }) => (metadata.ownerReferences ?? []).map(({ uid }) => uid),
      ...indexes,
    });
    this.#keep = (object) => keep(withoutManagers(object));
  }

  /** One that has the name already stays. */
  addIndexes(indexes: Readonly<Record<string, IndexOf<T>>>): void {
    for (const [name, of] of Object.entries(indexes)) {
      if (this.#indexes.has(name)) continue;
      const keys = new Map<string, Set<string>>();
      this.#indexes.set(name, { of, keys });
      for (const [key, object] of this.#objects) addTo(keys, of(object), key);
    }
  }

  keepWhole(): void {
    this.#keep = withoutManagers;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): Stored<T> | undefined {
    return this.#objects.get(key);
  }

  all(): Stored<T>[] {
    return [...this.#objects.values()];
  }

  find(index: string, value: string): Stored<T>[] {
    const keys = this.#indexes.get(index)?.keys.get(value) ?? [];
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Keeps the object unless what is there is as new. */
  put(object: Stored<T>): void {
    const known = this.#objects.get(keyOf(object));
    if (known !== undefined && revisionOf(object) <= revisionOf(known)) return;
    if (known === undefined && this.#isGone(object)) return;
    this.#set(this.#keep(object));
  }

  /**
   * The answer to a request, which may be late: what the watch has come past and not left here
   * was deleted since.
   */
  learn(object: Stored<T>): void {
    if (!this.#objects.has(keyOf(object)) && revisionOf(object) <= this.#head) return;
    this.put(object);
  }

  /** The watch has told everything up to this revision. */
  advance(resourceVersion: string): void {
    this.#head = Math.max(this.#head, Number(resourceVersion));
  }

  /** Keeps the object, whatever is there. */
  replace(object: Stored<T>): void {
    this.#set(object);
  }

  remove(key: string): void {
    this.#drop(key);
  }

  /** The object was deleted with this revision; one that was made afterwards stays. */
  removeAt(object: Stored<T>): void {
    const known = this.#objects.get(keyOf(object));
    if (known === undefined) return;
    const same = known.metadata.uid === object.metadata.uid;
    if (same || revisionOf(known) <= revisionOf(object)) this.#drop(keyOf(object));
  }

  /** All there is, or all of one namespace, at the list's revision. */
  reset(list: ObjectList<T>, namespace: string | undefined): void {
    const revision = Number(list.resourceVersion);
    // A store that was set back to a backup begins again below.
    const setBack = namespace === undefined && revision < this.#head;
    const listed = new Set(list.items.map((object) => keyOf(object)));
    const known = namespace === undefined ? this.all() : this.find('namespace', namespace);
    for (const object of known) {
      const newer = !setBack && revisionOf(object) > revision;
      if (!listed.has(keyOf(object)) && !newer) this.#drop(keyOf(object));
    }
    this.#floors.delete(namespace ?? '');
    if (namespace === undefined) this.#floors.clear();
    for (const object of list.items) {
      if (setBack) this.#set(this.#keep(object));
      else this.put(object);
    }
    if (namespace === undefined) this.#head = revision;
    else this.#floors.set(namespace, revision);
  }

  /** A list has shown that it is no longer there. */
  #isGone(object: Stored<T>): boolean {
    const namespace = object.metadata.namespace ?? '';
    const floor = this.#floors.get(namespace);
    if (floor === undefined) return false;
    if (revisionOf(object) <= floor) return true;
    this.#floors.delete(namespace);
    return false;
  }

  #set(object: Stored<T>): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before !== undefined) this.#unindex(key, before);
    this.#objects.set(key, object);
    for (const { of, keys } of this.#indexes.values()) {
      addTo(keys, of(object), key);
    }
    for (const listener of this.listeners) listener(object, before);
  }

  #drop(key: string): void {
    const before = this.#objects.get(key);
    if (before === undefined) return;
    this.#unindex(key, before);
    this.#objects.delete(key);
    for (const listener of this.listeners) listener(undefined, before);
  }

  #unindex(key: string, object: Stored<T>): void {
    for (const { of, keys } of this.#indexes.values()) {
      for (const value of of(object)) {
        const found = keys.get(value);
        found?.delete(key);
        if (found?.size === 0) keys.delete(value);
      }
    }
  }
}

function addTo(keys: Map<string, Set<string>>, values: readonly string[], key: string): void {
  for (const value of values) {
    const found = keys.get(value);
    if (found === undefined) keys.set(value, new Set([key]));
    else found.add(key);
  }
}

function revisionOf({ metadata }: { readonly metadata: { resourceVersion: string } }): number {
  return Number(metadata.resourceVersion);
}

/** Half of a small object is who manages its fields, which no controller reads. */
function withoutManagers<T extends ApiObject>(object: Stored<T>): Stored<T> {
  if (object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
