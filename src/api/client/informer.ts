import { type Clock, sleep } from '../../base/clock.ts';
import { ApiError } from '../status.ts';
import { type ApiClient, keyOf, type Stored } from './client.ts';
import type { ApiObject } from './resources.ts';
import { ObjectCache, type Listener } from './object-cache.ts';
import type { Resource } from './resources.ts';

export interface InformerOptions<T extends ApiObject> {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly resource: Resource<T>;
  readonly fieldSelector?: string;
  /** All namespaces when left out. */
  readonly namespace?: string;
  /** By name, the values under which an object is found. `namespace` and `owner` are there. */
  readonly indexes?: Readonly<Record<string, (object: Stored<T>) => readonly string[]>>;
  /** What is kept of each object. */
  readonly keep?: (object: Stored<T>) => Stored<T>;
  readonly onError: (error: unknown) => void;
}

const firstRetryMs = 200;
/** A node that was cut off is to be whole again soon. */
const longestRetryMs = 5000;

/**
 * What the server has of one resource, kept up to date by list and watch. Reads are of memory and
 * may be behind; what this process wrote itself is told by {@link learn} and never read older.
 * After an error or an expired watch all is listed anew, and what changed meanwhile is told.
 */
export class Informer<T extends ApiObject> {
  readonly resource: Resource<T>;
  readonly #options: InformerOptions<T>;
  readonly #cache: ObjectCache<T>;
  readonly #synced = Promise.withResolvers<void>();
  #resourceVersion: string | undefined;
  #hasSynced = false;
  #keepsWhole: boolean;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.resource = options.resource;
    this.#cache = new ObjectCache(options.indexes ?? {}, options.keep);
    this.#keepsWhole = options.keep === undefined;
  }

  /** Resolves after the first list. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get size(): number {
    return this.#cache.size;
  }

  get(namespace: string, name: string): Stored<T> | undefined {
    return this.#cache.get(namespace === '' ? name : `${namespace}/${name}`);
  }

  getByKey(key: string): Stored<T> | undefined {
    return this.#cache.get(key);
  }

  /** All, or those of one namespace. */
  list(namespace?: string): Stored<T>[] {
    return namespace === undefined ? this.#cache.all() : this.find('namespace', namespace);
  }

  /** What an index has under a value. */
  find(index: string, value: string): Stored<T>[] {
    return this.#cache.find(index, value);
  }

  /** Called for each change, with what was before; what is there already is told at once. */
  onChange(listener: Listener<T>): void {
    this.#cache.listeners.push(listener);
    for (const object of this.#cache.all()) listener(object, undefined);
  }

  /** Another one reads it too: more indexes, and whole objects where it says no `keep`. */
  widen({ indexes = {}, keep }: Pick<InformerOptions<T>, 'indexes' | 'keep'>): void {
    this.#cache.addIndexes(indexes);
    if (keep !== undefined || this.#keepsWhole) return;
    if (this.#hasSynced) throw new Error(`${this.resource.kind.plural} are kept in part already`);
    this.#keepsWhole = true;
    this.#cache.keepWhole();
  }

  /** The answer to an own write: from now on nothing older is read. */
  learn(object: Stored<T>): void {
    this.#cache.learn(object);
  }

  /** An own deletion was accepted: until its end is told the object counts as on its way out. */
  learnDeleted(object: Stored<T>): void {
    const known = this.#cache.get(keyOf(object));
    if (known === undefined || known.metadata.uid !== object.metadata.uid) return;
    if (known.metadata.deletionTimestamp !== undefined) return;
    const deletionTimestamp = new Date(this.#options.clock.now()).toISOString();
    this.#cache.replace({ ...known, metadata: { ...known.metadata, deletionTimestamp } });
  }

  /** Reads one object from the server; undefined when it is not there. */
  async refresh(namespace: string, name: string): Promise<Stored<T> | undefined> {
    const key = namespace === '' ? name : `${namespace}/${name}`;
    try {
      const object = await this.#options.client.get(this.resource, { namespace, name });
      this.#cache.learn(object);
      return object;
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
      this.#cache.remove(key);
      return undefined;
    }
  }

  /**
   * Lists a namespace (or all that has none) from the server: after a write of which nobody knows
   * whether it was done.
   */
  async refreshAll(namespace: string): Promise<void> {
    const { client, resource } = this.#options;
    const list = await client.list(resource, { ...this.#selection(), namespace });
    this.#cache.reset(list, namespace === '' ? undefined : namespace);
  }

  /** What it is of is not served: there is nothing of it. */
  forgetAll(): void {
    this.#hasSynced = true;
    this.#synced.resolve();
    for (const object of this.#cache.all()) this.#cache.remove(keyOf(object));
  }

  /** Follows the server until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list();
        await this.#follow(signal, this.#resourceVersion ?? '');
        failures = 0;
      } catch (error) {
        this.#resourceVersion = undefined;
        if (signal.aborted) return;
        if (!(error instanceof ApiError && error.reason === 'Expired')) {
          this.#options.onError(error);
          failures += 1;
        }
      }
      const wait = Math.min(firstRetryMs * 2 ** Math.min(failures, 10), longestRetryMs);
      await sleep(this.#options.clock, wait * this.#share, signal);
    }
  }

  /** From 0.75 to 1.25, by the resource: caches that failed together do not come back together. */
  get #share(): number {
    const sum = Buffer.from(this.resource.kind.plural).reduce((all, byte) => all + byte, 0);
    return 0.75 + (sum % 64) / 126;
  }

  #selection(): { fieldSelector?: string; namespace?: string } {
    const { fieldSelector, namespace } = this.#options;
    return {
      ...(fieldSelector !== undefined && { fieldSelector }),
      ...(namespace !== undefined && { namespace }),
    };
  }

  async #list(): Promise<void> {
    const list = await this.#options.client.list(this.resource, this.#selection());
    this.#cache.reset(list, undefined);
    this.#resourceVersion = list.resourceVersion;
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  /** A watch that ends by itself is taken up again where it ended. */
  async #follow(signal: AbortSignal, resourceVersion: string): Promise<void> {
    const options = { ...this.#selection(), resourceVersion, signal };
    for await (const events of this.#options.client.watch(this.resource, options)) {
      if (signal.aborted) return;
      for (const event of events) {
        const seen = this.#resourceVersion ?? '0';
        if (event.type === 'BOOKMARK') {
          this.#advance(event.resourceVersion);
          continue;
        }
        // Of a stream taken up again some may come twice, which must not undo what followed.
        const revision = event.object.metadata.resourceVersion;
        if (Number(revision) < Number(seen)) continue;
        if (event.type === 'DELETED') this.#cache.removeAt(event.object);
        else this.#cache.put(event.object);
        this.#advance(revision);
      }
    }
  }

  #advance(revision: string): void {
    if (Number(revision) > Number(this.#resourceVersion ?? '0')) this.#resourceVersion = revision;
    this.#cache.advance(revision);
  }
}
