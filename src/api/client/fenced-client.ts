import { ApiError } from '../status.ts';
import type {
  ApiClient,
  DeleteOptions,
  ListOptions,
  ObjectList,
  ObjectName,
  ObjectPatch,
  Stored,
  WatchEvent,
  WatchOptions,
} from './client.ts';
import type { ApiObject } from './resources.ts';
import type { JsonObject } from '../json.ts';
import type { Subresource } from '../kind.ts';
import type { Resource } from './resources.ts';

/**
 * A client whose writes are refused once its owner no longer leads. A process that was stopped for
 * a while goes on in the midst of its work, and with what it knew then, before it hears of that.
 */
export class FencedClient implements ApiClient {
  readonly #client: ApiClient;
  readonly #mayWrite: () => boolean;

  constructor(client: ApiClient, mayWrite: () => boolean) {
    this.#client = client;
    this.#mayWrite = mayWrite;
  }

  get<T extends ApiObject>(resource: Resource<T>, name: ObjectName): Promise<Stored<T>> {
    return this.#client.get(resource, name);
  }

  list<T extends ApiObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>> {
    return this.#client.list(resource, options);
  }

  watch<T extends ApiObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncIterable<readonly WatchEvent<T>[]> {
    return this.#client.watch(resource, options);
  }

  async create<T extends ApiObject>(resource: Resource<T>, object: T): Promise<Stored<T>> {
    this.#check();
    return await this.#client.create(resource, object);
  }

  async update<T extends ApiObject>(resource: Resource<T>, object: Stored<T>): Promise<Stored<T>> {
    this.#check();
    return await this.#client.update(resource, object);
  }

  async updateStatus<T extends ApiObject>(
    resource: Resource<T>,
    object: Stored<T>,
  ): Promise<Stored<T>> {
    this.#check();
    return await this.#client.updateStatus(resource, object);
  }

  async patch<T extends ApiObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: ObjectPatch,
  ): Promise<Stored<T>> {
    this.#check();
    return await this.#client.patch(resource, name, patch);
  }

  async delete<T extends ApiObject>(
    resource: Resource<T>,
    name: ObjectName,
    options?: DeleteOptions,
  ): Promise<void> {
    this.#check();
    await this.#client.delete(resource, name, options);
  }

  async post<T extends ApiObject>(
    resource: Resource<T>,
    name: ObjectName & { readonly subresource: Subresource },
    body: JsonObject,
  ): Promise<JsonObject> {
    this.#check();
    return await this.#client.post(resource, name, body);
  }

  #check(): void {
    if (this.#mayWrite()) return;
    // A reason that nobody takes for a doubtful outcome: it was not done.
    throw new ApiError('Conflict', 'another process leads now');
  }
}
