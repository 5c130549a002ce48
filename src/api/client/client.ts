import type { Json, JsonObject } from '../json.ts';
import type { Subresource } from '../kind.ts';
import type { ObjectMeta } from '../types/generated/meta-v1.ts';
import type { Resource, ApiObject } from './resources.ts';

/** An object of any kind. */
/** An object as the server answers with it: what it fills in is there. */
export type Stored<T> = T & {
  readonly metadata: ObjectMeta & {
    readonly name: string;
    readonly uid: string;
    /** Opaque: only for updates, watches and for "the same as I wrote". */
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
  };
};

/** Which object of a resource. */
export interface ObjectName {
  /** Empty for kinds without namespaces. */
  readonly namespace: string;
  readonly name: string;
}

export interface ListOptions {
  /** Empty or absent for all. */
  readonly namespace?: string;
  /** In words: `app=web,tier in (a, b)`. */
  readonly labelSelector?: string;
  /** In words: `spec.nodeName=host01`. */
  readonly fieldSelector?: string;
}

export interface ObjectList<T> {
  readonly items: readonly Stored<T>[];
  /** The state that was listed: watch from here. */
  readonly resourceVersion: string;
}

export interface WatchOptions extends ListOptions {
  /** Tells what came after this state. */
  readonly resourceVersion: string;
  readonly signal: AbortSignal;
}

/** What a watch tells. A bookmark says how far it has come. */
export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Stored<T> }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export type PatchType = 'json' | 'merge' | 'strategic';

export interface ObjectPatch {
  readonly type: PatchType;
  readonly document: Json;
  readonly subresource?: Subresource;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/**
 * The API as the scheduler, the controllers and the kubelet use it: in the server's own process
 * (`src/apiserver/local-client.ts`) or over HTTPS. Every refusal is an {@link ApiError} with the
 * server's reason: `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`, `Expired`.
 * What is read must not be changed: caches hand out the same object to all.
 */
export interface ApiClient {
  get<T extends ApiObject>(resource: Resource<T>, name: ObjectName): Promise<Stored<T>>;
  /** All of it, at one state. */
  list<T extends ApiObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /**
   * Changes as they come, several at a time. Ends when the server ends it or `signal` is aborted;
   * throws `Expired` when the state to start from is no longer kept: list again.
   */
  watch<T extends ApiObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncIterable<readonly WatchEvent<T>[]>;
  /** The namespace is that of the object's metadata. */
  create<T extends ApiObject>(resource: Resource<T>, object: T): Promise<Stored<T>>;
  /** Throws `Conflict` unless the object's resourceVersion is the newest. */
  update<T extends ApiObject>(resource: Resource<T>, object: Stored<T>): Promise<Stored<T>>;
  updateStatus<T extends ApiObject>(resource: Resource<T>, object: Stored<T>): Promise<Stored<T>>;
  patch<T extends ApiObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: ObjectPatch,
  ): Promise<Stored<T>>;
  /** Resolves when the server took it; finalizers and grace may keep the object for a while. */
  delete<T extends ApiObject>(
    resource: Resource<T>,
    name: ObjectName,
    options?: DeleteOptions,
  ): Promise<void>;
  /** POST to `binding`, `eviction` or `token` of an object. */
  post<T extends ApiObject>(
    resource: Resource<T>,
    name: ObjectName & { readonly subresource: Subresource },
    body: JsonObject,
  ): Promise<JsonObject>;
}

/** `default/web`, `host01`: what queues and caches call an object. */
export function keyOf({ metadata }: { readonly metadata: ObjectMeta }): string {
  const { namespace, name = '' } = metadata;
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** The name behind a key. */
export function nameOfKey(key: string): ObjectName {
  const at = key.indexOf('/');
  return at < 0
    ? { namespace: '', name: key }
    : { namespace: key.slice(0, at), name: key.slice(at + 1) };
}

export function nameOf({ metadata }: { readonly metadata: ObjectMeta }): ObjectName {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}
