import { DomainError } from '../../base/error.ts';
import { isObject, isList, type JsonObject, objectIn, textOf } from '../json.ts';
import { apiVersionOf, type Kind, type Subresource } from '../kind.ts';
import { refusalOf } from '../status.ts';
import {
  type ApiClient,
  type DeleteOptions,
  type ListOptions,
  nameOf,
  type ObjectList,
  type ObjectName,
  type ObjectPatch,
  type PatchType,
  type Stored,
  type WatchEvent,
  type WatchOptions,
} from './client.ts';
import type { ApiObject } from './resources.ts';
import { type ApiAddress, type ApiRequest, Connection } from './connection.ts';
import { readAnswer, readLines } from './read-answer.ts';
import type { Resource } from './resources.ts';

const patchTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

/** Objects in one page of a list. */
const pageObjects = 500;

/** The API over HTTPS, of our server or a stock one. Owns its connections until disposed of. */
export class HttpClient implements ApiClient, AsyncDisposable {
  readonly #connection: Connection;
  readonly #name: string;

  /** `name` is the user agent, and the manager of what is changed: `kubelet`. */
  constructor(address: ApiAddress, name: string) {
    this.#connection = new Connection(address, name);
    this.#name = name;
  }

  get<T extends ApiObject>({ kind }: Resource<T>, name: ObjectName): Promise<Stored<T>> {
    return this.#send({ method: 'GET', path: pathOf(kind, name) });
  }

  async list<T extends ApiObject>(
    { kind }: Resource<T>,
    options: ListOptions = {},
  ): Promise<ObjectList<T>> {
    const items: Stored<T>[] = [];
    const path = collectionOf(kind, options.namespace ?? '');
    const query = queryOf(options, { limit: String(pageObjects) });
    for (;;) {
      const page = await this.#send<JsonObject>({
        method: 'GET',
        path: `${path}?${query.toString()}`,
      });
      const list = page['items'];
      if (isList(list)) items.push(...list.map((item) => complete<T>(kind, item as JsonObject)));
      const metadata = objectIn(page, 'metadata');
      const token = textOf(metadata['continue']);
      if (token === '') return { items, resourceVersion: textOf(metadata['resourceVersion']) };
      query.set('continue', token);
    }
  }

  async *watch<T extends ApiObject>(
    { kind }: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<readonly WatchEvent<T>[]> {
    const query = queryOf(options, {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: options.resourceVersion,
    });
    const path = `${collectionOf(kind, options.namespace ?? '')}?${query.toString()}`;
    const { signal } = options;
    try {
      const answer = await this.#connection.send({ method: 'GET', path, signal, endless: true });
      if (answer.code !== 200) await readAnswer(answer);
      for await (const batch of readLines(answer.body)) {
        const end = batch.findIndex(({ type }) => type === 'ERROR');
        const events = end < 0 ? batch : batch.slice(0, end);
        if (events.length > 0) yield events.map((event) => eventOf<T>(kind, event));
        if (end >= 0) throw errorOf(batch[end]);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  create<T extends ApiObject>({ kind }: Resource<T>, object: T): Promise<Stored<T>> {
    const path = collectionOf(kind, object.metadata?.namespace ?? '');
    return this.#write('POST', path, full(kind, object));
  }

  update<T extends ApiObject>({ kind }: Resource<T>, object: Stored<T>): Promise<Stored<T>> {
    return this.#write('PUT', pathOf(kind, nameOf(object)), full(kind, object));
  }

  updateStatus<T extends ApiObject>({ kind }: Resource<T>, object: Stored<T>): Promise<Stored<T>> {
    return this.#write('PUT', pathOf(kind, nameOf(object), 'status'), full(kind, object));
  }

  patch<T extends ApiObject>(
    { kind }: Resource<T>,
    name: ObjectName,
    { type, document, subresource }: ObjectPatch,
  ): Promise<Stored<T>> {
    return this.#send({
      method: 'PATCH',
      path: this.#managed(pathOf(kind, name, subresource)),
      contentType: patchTypes[type],
      body: JSON.stringify(document),
    });
  }

  async delete<T extends ApiObject>(
    { kind }: Resource<T>,
    name: ObjectName,
    options: DeleteOptions = {},
  ): Promise<void> {
    const body = JSON.stringify({ kind: 'DeleteOptions', apiVersion: 'v1', ...options });
    await this.#send({ method: 'DELETE', path: pathOf(kind, name), body });
  }

  post<T extends ApiObject>(
    { kind }: Resource<T>,
    name: ObjectName & { readonly subresource: Subresource },
    body: JsonObject,
  ): Promise<JsonObject> {
    return this.#write('POST', pathOf(kind, name, name.subresource), body);
  }

  /** Speaks with another certificate from now on. */
  renew(address: ApiAddress): void {
    this.#connection.renew(address);
  }

  /** Gives up all connections: what is under way fails, and the next call makes a new one. */
  reconnect(): void {
    this.#connection.reconnect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }

  #write<T>(method: 'POST' | 'PUT', path: string, object: JsonObject): Promise<T> {
    return this.#send({ method, path: this.#managed(path), body: JSON.stringify(object) });
  }

  #managed(path: string): string {
    return `${path}?fieldManager=${encodeURIComponent(this.#name)}`;
  }

  async #send<T>(request: ApiRequest): Promise<T> {
    return (await readAnswer(await this.#connection.send(request))) as T;
  }
}

/** `/apis/apps/v1/namespaces/default/deployments` */
function collectionOf(kind: Kind, namespace: string): string {
  const root = kind.group === '' ? '/api' : '/apis';
  const within = kind.namespaced && namespace !== '' ? `/namespaces/${encode(namespace)}` : '';
  return `${root}/${apiVersionOf(kind)}${within}/${kind.plural}`;
}

function pathOf(kind: Kind, { namespace, name }: ObjectName, subresource?: Subresource): string {
  const below = subresource === undefined ? '' : `/${subresource}`;
  return `${collectionOf(kind, namespace)}/${encode(name)}${below}`;
}

function encode(part: string): string {
  return encodeURIComponent(part);
}

function queryOf(
  { labelSelector, fieldSelector }: ListOptions,
  more: Record<string, string>,
): URLSearchParams {
  return new URLSearchParams({
    ...(labelSelector !== undefined && { labelSelector }),
    ...(fieldSelector !== undefined && { fieldSelector }),
    ...more,
  });
}

/** A stock server takes no body without kind and version. */
function full(kind: Kind, object: JsonObject): JsonObject {
  return { kind: kind.kind, apiVersion: apiVersionOf(kind), ...object };
}

/** The items of a stock server's lists leave both out. */
function complete<T>(kind: Kind, object: JsonObject): Stored<T> {
  return full(kind, object) as Stored<T>;
}

function eventOf<T>(kind: Kind, { type, object }: JsonObject): WatchEvent<T> {
  const subject = isObject(object) ? object : {};
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') {
    return { type, object: complete(kind, subject) };
  }
  const resourceVersion = textOf(objectIn(subject, 'metadata')['resourceVersion']);
  if (type === 'BOOKMARK') return { type, resourceVersion };
  throw new DomainError('invalid', `the API server tells of an event ${JSON.stringify(type)}`);
}

/** What ends a watch: the state to start from is gone, or the server is in trouble. */
function errorOf(event: JsonObject | undefined): Error {
  const status = objectIn(event, 'object');
  return refusalOf(status, typeof status['code'] === 'number' ? status['code'] : 500);
}
