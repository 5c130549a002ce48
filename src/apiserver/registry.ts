import type { JsonObject } from '../api/json.ts';
import type { Kind } from '../api/kind.ts';
import { storedKind } from '../api/kinds.ts';
import { alreadyExists, ApiError, modified, notFound } from '../api/status.ts';
import { isDomainError } from '../base/error.ts';
import { ConflictError } from '../store/error.ts';
import type { Entry, Store } from '../store/store.ts';
import { isHeartbeat } from './heartbeat.ts';
import { decodeObject, encodeObject, metadataOf } from './object-text.ts';

/** Which object. */
export interface Place {
  readonly kind: Kind;
  /** Empty for kinds without namespaces. */
  readonly namespace: string;
  readonly name: string;
}

/** How often a change is made anew when somebody else was faster. */
const mostAttempts = 20;

/** Objects in the store: one at a time, each change from what is there to what shall be. */
export class Registry {
  readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** The entry as it is stored. Throws `NotFound`. */
  async entry(place: Place): Promise<Entry> {
    const { entry } = await this.store.get(keyOf(place));
    if (entry === undefined) throw notFound(place.kind, place.name);
    return entry;
  }

  async get(place: Place): Promise<JsonObject> {
    return decodeObject(await this.entry(place));
  }

  /** The object; undefined when it is not there. */
  async find(place: Place): Promise<JsonObject | undefined> {
    const { entry } = await this.store.get(keyOf(place));
    return entry === undefined ? undefined : decodeObject(entry);
  }

  /** All objects of a kind, or those of one namespace, as they are at one revision. */
  async all(kind: Kind, namespace: string): Promise<JsonObject[]> {
    const objects: JsonObject[] = [];
    let at: { readonly revision?: number; readonly after?: string } = {};
    for (;;) {
      const page = await this.store.list(prefixOf(kind, namespace), at);
      objects.push(...page.entries.map(decodeObject));
      const after = page.entries.at(-1)?.key;
      if (!page.more || after === undefined) return objects;
      at = { revision: page.revision, after };
    }
  }

  /** Throws `AlreadyExists`. Returns the object with its revision. */
  async create(place: Place, object: JsonObject): Promise<JsonObject> {
    const value = encodeObject(storedKind(place.kind), object);
    try {
      const revision = await this.store.create(keyOf(place), value);
      return decodeObject({ value, revision });
    } catch (error) {
      if (isDomainError(error, 'exists')) throw alreadyExists(place.kind, place.name);
      throw translated(error);
    }
  }

  /**
   * Makes a change of what is there now; again from the new state when somebody else changed it
   * meanwhile, unless the change itself names the revision it is of. A change that leaves all as
   * it was writes nothing.
   */
  async update(
    place: Place,
    change: (old: JsonObject) => Promise<JsonObject>,
  ): Promise<JsonObject> {
    const kind = storedKind(place.kind);
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const entry = await this.entry(place);
      const old = decodeObject(entry);
      const object = await change(old);
      const value = encodeObject(kind, object);
      if (value.equals(entry.value)) return decodeObject(entry);
      const volatile = isHeartbeat(kind, old, object);
      const written = await this.#write(place, value, { expected: entry.revision, volatile });
      if (written !== undefined) return decodeObject({ value, revision: written });
    }
    throw modified(place.kind, place.name);
  }

  /** Takes the object out for good, if it is still at this revision. */
  async remove(place: Place, object: JsonObject): Promise<boolean> {
    const expected = Number(metadataOf(object)['resourceVersion']);
    try {
      await this.store.delete(keyOf(place), { expected });
      return true;
    } catch (error) {
      if (isDomainError(error, 'notFound')) throw notFound(place.kind, place.name);
      if (error instanceof ConflictError) return false;
      throw translated(error);
    }
  }

  /** Undefined when somebody else was faster. */
  async #write(
    place: Place,
    value: Buffer,
    options: { readonly expected: number; readonly volatile: boolean },
  ): Promise<number | undefined> {
    try {
      return await this.store.update(keyOf(place), value, options);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw translated(error);
      if (error.current === undefined) throw notFound(place.kind, place.name);
      return undefined;
    }
  }
}

export function keyOf({ kind, namespace, name }: Place): string {
  return kind.namespaced ? `${kind.prefix}${namespace}/${name}` : `${kind.prefix}${name}`;
}

/** Where all objects of a kind lie, or those of one namespace. */
export function prefixOf(kind: Kind, namespace: string): string {
  return kind.namespaced && namespace !== '' ? `${kind.prefix}${namespace}/` : kind.prefix;
}

export function placeOf(kind: Kind, object: JsonObject): Place {
  const { namespace, name } = metadataOf(object);
  return {
    kind,
    namespace: typeof namespace === 'string' ? namespace : '',
    name: typeof name === 'string' ? name : '',
  };
}

/** What the store refuses as clients are told. */
export function translated(error: unknown): unknown {
  if (isDomainError(error, 'unavailable')) {
    return new ApiError('ServiceUnavailable', `The store does not answer: ${error.message}`);
  }
  if (isDomainError(error, 'invalid')) return new ApiError('BadRequest', error.message);
  return error;
}
