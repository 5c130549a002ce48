import type { Clock } from '../../base/clock.ts';
import { type ApiClient, type ObjectName, type Stored } from '../../api/client/client.ts';
import type { ApiObject } from '../../api/client/resources.ts';
import { Informer } from '../../api/client/informer.ts';
import type { Resource } from '../../api/client/resources.ts';
import { ApiError } from '../../api/status.ts';

export interface WatchedObjectsOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** An object changed that a pod uses. */
  readonly onChange: (uid: string) => void;
}

interface Watched {
  readonly informer: Informer<ApiObject>;
  readonly users: Set<string>;
  readonly ending: AbortController;
  readonly running: Promise<void>;
}

/**
 * The single objects that pods of this node refer to. Each is watched by itself, for a node may
 * see no others, and as long as a pod uses it.
 */
export class WatchedObjects {
  readonly #options: WatchedObjectsOptions;
  readonly #watched = new Map<string, Watched>();
  /** Reads under way, which several pods of one moment share. */
  readonly #reads = new Map<string, Promise<unknown>>();

  constructor(options: WatchedObjectsOptions) {
    this.#options = options;
  }

  /**
   * The object as the server has it now, undefined when it has none. Watched from then on, absent
   * ones as well: an optional one may be made while the pod runs.
   */
  async read<T extends ApiObject>(
    resource: Resource<T>,
    name: ObjectName,
    uid: string,
  ): Promise<Stored<T> | undefined> {
    const key = `${resource.kind.plural}/${name.namespace}/${name.name}`;
    const known = this.#reads.get(key) as Promise<Stored<T> | undefined> | undefined;
    const reading = known ?? this.#get(resource, name);
    this.#reads.set(key, reading);
    try {
      const object = await reading;
      this.#watch(key, uid, { resource, name, object });
      return object;
    } finally {
      if (this.#reads.get(key) === reading) this.#reads.delete(key);
    }
  }

  /** The same by the watch where there is one that has begun: newest as far as it has come. */
  async recall<T extends ApiObject>(
    resource: Resource<T>,
    name: ObjectName,
    uid: string,
  ): Promise<Stored<T> | undefined> {
    const watched = this.#watched.get(`${resource.kind.plural}/${name.namespace}/${name.name}`);
    if (watched?.informer.hasSynced !== true || !watched.users.has(uid)) {
      return await this.read(resource, name, uid);
    }
    return watched.informer.get(name.namespace, name.name) as Stored<T> | undefined;
  }

  /** The pod is gone. */
  release(uid: string): void {
    for (const [key, { users, ending }] of this.#watched) {
      users.delete(uid);
      if (users.size > 0) continue;
      this.#watched.delete(key);
      ending.abort();
    }
  }

  async close(): Promise<void> {
    const all = [...this.#watched.values()];
    this.#watched.clear();
    for (const { ending } of all) ending.abort();
    await Promise.all(all.map(({ running }) => running));
  }

  async #get<T extends ApiObject>(
    resource: Resource<T>,
    name: ObjectName,
  ): Promise<Stored<T> | undefined> {
    try {
      return await this.#options.client.get(resource, name);
    } catch (error) {
      if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
      throw error;
    }
  }

  #watch<T extends ApiObject>(
    key: string,
    uid: string,
    {
      resource,
      name,
      object,
    }: {
      readonly resource: Resource<T>;
      readonly name: ObjectName;
      readonly object: Stored<T> | undefined;
    },
  ): void {
    const known = this.#watched.get(key);
    if (known !== undefined) {
      known.users.add(uid);
      return;
    }
    const { client, clock, onChange } = this.#options;
    const informer = new Informer<T>({
      client,
      clock,
      resource,
      namespace: name.namespace,
      fieldSelector: `metadata.name=${name.name}`,
      // Failures are told by the reads; the watch tries again by itself.
      onError: () => undefined,
    });
    const ending = new AbortController();
    const users = new Set([uid]);
    const resourceVersion = object?.metadata.resourceVersion;
    informer.onChange((now, before) => {
      // The first that is told is what was just read, unless it has changed meanwhile.
      if (before === undefined && now?.metadata.resourceVersion === resourceVersion) return;
      for (const user of users) onChange(user);
    });
    const running = informer.run(ending.signal);
    const held = informer as unknown as Informer<ApiObject>;
    this.#watched.set(key, { informer: held, users, ending, running });
  }
}
