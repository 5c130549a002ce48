import {
  type ApiClient,
  type DeleteOptions,
  nameOf,
  type ObjectPatch,
  type Stored,
} from '../api/client/client.ts';
import type { ApiObject } from '../api/client/resources.ts';
import type { Informer, InformerOptions } from '../api/client/informer.ts';
import type { Resource } from '../api/client/resources.ts';
import { SharedInformers } from '../api/client/shared-informers.ts';
import { writeTime } from '../api/time.ts';
import type { Clock } from '../base/clock.ts';
import { EventRecorder } from '../api/client/event-recorder.ts';
import { isRefused, isUncertain } from '../api/client/refusal.ts';

export interface ClusterOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly onError: (what: string, error: unknown) => void;
  /** Caches that others in the process have too; of its own unless given. */
  readonly informers?: SharedInformers;
}

export type Deletion = Omit<DeleteOptions, 'preconditions'> & { readonly unchanged?: boolean };

type Indexes<T> = NonNullable<InformerOptions<T & ApiObject>['indexes']>;

/**
 * The cluster as all controllers of a process share it: one cache of each resource, and writes
 * that the caches know of before their answer is handed on. A controller therefore never acts on
 * a state older than its own last write, and needs no expectations of what is still to come.
 */
export class Cluster {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly informers: SharedInformers;
  /** Where a write may or may not have been done: resource, then namespaces. */
  readonly #doubts = new Map<string, Set<string>>();

  constructor(options: ClusterOptions) {
    this.informers = options.informers ?? new SharedInformers(options);
    this.client = options.client;
    this.clock = options.clock;
    const onError = (error: unknown) => options.onError('events', error);
    this.events = new EventRecorder({ client: this.client, clock: this.clock, onError });
  }

  /** The shared cache of a resource; see {@link SharedInformers}. */
  informer<T extends ApiObject>(
    resource: Resource<T>,
    indexes: Indexes<T> = {},
    keep?: InformerOptions<T>['keep'],
  ): Informer<T> {
    return this.informers.informer(resource, { indexes, ...(keep !== undefined && { keep }) });
  }

  now(): number {
    return this.clock.now();
  }

  /** Now, as the API writes times. */
  time(): string {
    return writeTime(Math.floor(this.clock.now() / 1000));
  }

  create<T extends ApiObject>(resource: Resource<T>, object: T): Promise<Stored<T>> {
    const namespace = object.metadata?.namespace ?? '';
    return this.#write(resource, namespace, async () => {
      const created = await this.client.create(resource, object);
      this.#of(resource)?.learn(created);
      return created;
    });
  }

  update<T extends ApiObject>(resource: Resource<T>, object: Stored<T>): Promise<Stored<T>> {
    return this.#change(resource, object, () => this.client.update(resource, object));
  }

  updateStatus<T extends ApiObject>(resource: Resource<T>, object: Stored<T>): Promise<Stored<T>> {
    return this.#change(resource, object, () => this.client.updateStatus(resource, object));
  }

  patch<T extends ApiObject>(
    resource: Resource<T>,
    object: Stored<T>,
    patch: ObjectPatch,
  ): Promise<Stored<T>> {
    return this.#change(resource, object, () => this.client.patch(resource, nameOf(object), patch));
  }

  /**
   * Deletes this very object; another one of its name stays. What is gone already is well. With
   * `unchanged` it is only deleted as it was read, and somebody else's change is a `Conflict`.
   */
  async delete<T extends ApiObject>(
    resource: Resource<T>,
    object: Stored<T>,
    { unchanged = false, ...options }: Deletion = {},
  ): Promise<void> {
    const { uid, resourceVersion } = object.metadata;
    const preconditions = { uid, ...(unchanged && { resourceVersion }) };
    const { namespace = '', name } = object.metadata;
    await this.#write(resource, namespace, async () => {
      try {
        await this.client.delete(resource, { namespace, name }, { ...options, preconditions });
        this.#of(resource)?.learnDeleted(object);
      } catch (error) {
        if (!isRefused(error, 'NotFound', 'Conflict')) throw error;
        const fresh = await this.#of(resource)?.refresh(namespace, name);
        if (unchanged && fresh?.metadata.uid === uid) throw error;
      }
    });
  }

  /** Reads again what a failed write left in doubt in a namespace. */
  async settle(namespace: string): Promise<void> {
    for (const [prefix, namespaces] of this.#doubts) {
      if (!namespaces.has(namespace)) continue;
      await this.informers.byPrefix(prefix)?.refreshAll(namespace);
      namespaces.delete(namespace);
    }
  }

  async #change<T extends ApiObject>(
    resource: Resource<T>,
    object: Stored<T>,
    write: () => Promise<Stored<T>>,
  ): Promise<Stored<T>> {
    const { namespace = '', name } = object.metadata;
    return await this.#write(resource, namespace, async () => {
      try {
        const changed = await write();
        this.#of(resource)?.learn(changed);
        return changed;
      } catch (error) {
        // The next attempt begins with what is there.
        if (isRefused(error, 'Conflict', 'NotFound')) {
          await this.#of(resource)?.refresh(namespace, name);
        }
        throw error;
      }
    });
  }

  async #write<R>(
    resource: Resource<ApiObject>,
    namespace: string,
    write: () => Promise<R>,
  ): Promise<R> {
    try {
      return await write();
    } catch (error) {
      if (isUncertain(error)) {
        const { prefix } = resource.kind;
        const doubts = this.#doubts.get(prefix) ?? new Set();
        this.#doubts.set(prefix, doubts.add(namespace));
      }
      throw error;
    }
  }

  #of<T extends ApiObject>(resource: Resource<T>): Informer<T> | undefined {
    return this.informers.find(resource);
  }
}
