import type {
  ApiClient,
  DeleteOptions,
  ListOptions,
  ObjectList,
  ObjectName,
  ObjectPatch,
  PatchType as PatchWord,
  Stored,
  WatchEvent as ClientEvent,
  WatchOptions,
} from '../api/client/client.ts';
import type { ApiObject } from '../api/client/resources.ts';
import { nameOf } from '../api/client/client.ts';
import type { Resource } from '../api/client/resources.ts';
import { type JsonObject, objectIn } from '../api/json.ts';
import { apiVersionOf, type Kind, type Subresource } from '../api/kind.ts';
import { ApiError, refusalOf } from '../api/status.ts';
import type { Api, WriteOptions } from './api.ts';
import { unknownPath } from './discovery.ts';
import { measure } from './metrics/serve-metrics.ts';
import { decodeObject } from './object-text.ts';
import { requestToken } from './security/review/serve-token.ts';
import { ownUser } from './security/user.ts';
import { readSelection } from './selection.ts';
import { success } from './serve-binding.ts';
import { bindPod } from './verb/bind.ts';
import { createObject } from './verb/create.ts';
import { deleteObject, readDeletion } from './verb/delete.ts';
import { evictPod } from './verb/evict.ts';
import { listObjects } from './verb/list.ts';
import { applyPatch, type PatchType } from './verb/patch.ts';
import { updateObject, type UpdateRequest } from './verb/update.ts';
import { watchObjects } from './verb/watch.ts';
import type { WatchEvent } from './watch-event.ts';

const patchTypes: Readonly<Record<PatchWord, PatchType>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

/**
 * The API for what runs in the server's own process: the same checks, defaults and admission as
 * for a request, without the network between. Kinds are those of `resources`, in their stored
 * version.
 */
export class LocalClient implements ApiClient {
  readonly #api: Api;
  readonly #options: WriteOptions;

  /** `name` is written down as the manager of what is changed: `kube-controller-manager`. */
  constructor(api: Api, name: string) {
    this.#api = api;
    this.#options = {
      dryRun: false,
      user: ownUser(`system:${name}`),
      fieldManager: name,
      fieldValidation: 'Strict',
      warn: () => undefined,
    };
  }

  async get<T extends ApiObject>({ kind }: Resource<T>, name: ObjectName): Promise<Stored<T>> {
    return stored(await this.#api.registry.get({ kind: this.#own(kind), ...name }));
  }

  async list<T extends ApiObject>(
    { kind }: Resource<T>,
    options: ListOptions = {},
  ): Promise<ObjectList<T>> {
    if (kind.measured) {
      const { namespace, selection } = selected(kind, options);
      const measured = await measure(this.#api, { kind, namespace, selection });
      return { items: measured.map((object) => stored<T>(object)), resourceVersion: '' };
    }
    const whole = { limit: 0, continuation: undefined, revision: 0, match: '' } as const;
    const { entries, revision } = await listObjects(this.#api, {
      kind: this.#own(kind),
      ...selected(this.#own(kind), options),
      ...whole,
    });
    const items = entries.map((entry) => stored<T>(decodeObject(entry)));
    return { items, resourceVersion: String(revision) };
  }

  async *watch<T extends ApiObject>(
    { kind }: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<readonly ClientEvent<T>[]> {
    const request = {
      kind: this.#own(kind),
      ...selected(this.#own(kind), options),
      after: Number(options.resourceVersion),
      sendInitialEvents: false,
      bookmarks: true,
      timeoutSeconds: 0,
    };
    for await (const batch of watchObjects(this.#api, request, options.signal)) {
      const end = batch.find((event) => event.type === 'ERROR');
      const events = batch.filter((event) => event.type !== 'ERROR');
      if (events.length > 0) yield events.map((event) => told<T>(event));
      if (end?.type === 'ERROR') throw refusalOf(end.status, 500);
    }
  }

  async create<T extends ApiObject>({ kind }: Resource<T>, object: T): Promise<Stored<T>> {
    const namespace = object.metadata?.namespace ?? '';
    const request = { kind: this.#own(kind), namespace, object };
    return stored(await createObject(this.#api, request, this.#options));
  }

  update<T extends ApiObject>(resource: Resource<T>, object: Stored<T>): Promise<Stored<T>> {
    return this.#change(resource, nameOf(object), { change: async () => object });
  }

  updateStatus<T extends ApiObject>(resource: Resource<T>, object: Stored<T>): Promise<Stored<T>> {
    const change = async () => object;
    return this.#change(resource, nameOf(object), { change, subresource: 'status' });
  }

  patch<T extends ApiObject>(
    resource: Resource<T>,
    name: ObjectName,
    { type, document, subresource }: ObjectPatch,
  ): Promise<Stored<T>> {
    const patch = { type: patchTypes[type], document };
    const change = async (old: JsonObject) =>
      applyPatch(this.#own(resource.kind), old, patch).value;
    return this.#change(resource, name, { change, subresource });
  }

  async delete<T extends ApiObject>(
    { kind }: Resource<T>,
    name: ObjectName,
    options: DeleteOptions = {},
  ): Promise<void> {
    await deleteObject(
      this.#api,
      { kind: this.#own(kind), ...name },
      {
        gracePeriodSeconds: options.gracePeriodSeconds,
        propagationPolicy: options.propagationPolicy,
        preconditions: options.preconditions ?? {},
        dryRun: false,
        user: this.#options.user,
      },
    );
  }

  async post<T extends ApiObject>(
    { kind }: Resource<T>,
    { subresource, ...name }: ObjectName & { readonly subresource: Subresource },
    body: JsonObject,
  ): Promise<JsonObject> {
    const place = { kind, ...name };
    if (subresource === 'binding') {
      return await bindPod(this.#api, { place, binding: body }, this.#options);
    }
    if (subresource === 'token') {
      return await requestToken(this.#api, place, { sent: body, user: this.#options.user });
    }
    if (subresource !== 'eviction') {
      throw new ApiError('MethodNotAllowed', `${subresource} is not served yet`);
    }
    const deletion = readDeletion(objectIn(body, 'deleteOptions'), new URLSearchParams());
    await evictPod(this.#api, place, { ...deletion, user: this.#options.user });
    return success;
  }

  /** A definition's kind as it is just now. Throws `NotFound` when there is no such kind. */
  #own(kind: Kind): Kind {
    if (kind.builtIn !== '') return kind;
    const known = this.#api.customs.findResource(apiVersionOf(kind), kind.plural);
    if (known === undefined) throw unknownPath();
    return known;
  }

  async #change<T extends ApiObject>(
    { kind }: Resource<T>,
    name: ObjectName,
    how: Pick<UpdateRequest, 'change'> & { readonly subresource?: Subresource | undefined },
  ): Promise<Stored<T>> {
    const request = {
      place: { kind: this.#own(kind), ...name },
      subresource: how.subresource,
      change: how.change,
      fromStored: (object: JsonObject) => object,
    };
    return stored(await updateObject(this.#api, request, this.#options));
  }
}

/** What the store keeps has been checked against its kind's table. */
function stored<T>(object: JsonObject): Stored<T> {
  return object as Stored<T>;
}

function selected(kind: Kind, { namespace = '', labelSelector, fieldSelector }: ListOptions) {
  const query = new URLSearchParams({
    ...(labelSelector !== undefined && { labelSelector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
  });
  return { namespace, selection: readSelection(kind, query) };
}

function told<T>(event: Exclude<WatchEvent, { readonly type: 'ERROR' }>): ClientEvent<T> {
  if (event.type === 'BOOKMARK') {
    return { type: 'BOOKMARK', resourceVersion: String(event.revision) };
  }
  return { type: event.type, object: stored(decodeObject(event.entry)) };
}
