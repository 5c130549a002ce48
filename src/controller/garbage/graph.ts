import type { ApiObject } from '../../api/client/resources.ts';
import type { Informer } from '../../api/client/informer.ts';
import { type Resource, resourceOfKind, resources } from '../../api/client/resources.ts';
import { findKind, storedKind } from '../../api/kinds.ts';
import type { OwnerReference } from '../../api/types/generated/meta-v1.ts';
import type { Cluster } from '../cluster.ts';
import { CustomInformers } from './custom-informers.ts';
import type { AnyObject } from '../stored.ts';

/** An object of the graph: which it is, and in which cache. */
export interface Vertex {
  readonly informer: Informer<ApiObject>;
  readonly object: AnyObject;
}

/** Events are of no owner, and bindings are kept nowhere. */
const outside = new Set(['Event', 'Binding']);

/** All objects and who owns them, as the caches have it. */
export class OwnerGraph {
  readonly #cluster: Cluster;
  readonly #byPrefix: Map<string, Informer<ApiObject>>;
  readonly #customs: CustomInformers;
  /** What was read anew for an object since it was deleted. */
  readonly #read = new Map<string, Set<Informer<ApiObject>>>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    const kept = Object.values(resources).filter(({ kind }) => !outside.has(kind.kind));
    const informers = kept.map(({ kind }) =>
      cluster.informer(resourceOfKind(kind), {}, metadataAlone),
    );
    this.#byPrefix = new Map(
      informers.map((informer) => [informer.resource.kind.prefix, informer]),
    );
    this.#customs = new CustomInformers(cluster, metadataAlone);
  }

  get informers(): readonly Informer<ApiObject>[] {
    return [...this.#byPrefix.values()];
  }

  /** Tells the cache of each kind, also of those that definitions make from now on. */
  onInformer(tell: (informer: Informer<ApiObject>) => void): void {
    for (const informer of this.informers) tell(informer);
    this.#customs.follow({
      added: (informer) => {
        this.#byPrefix.set(informer.resource.kind.prefix, informer);
        tell(informer);
      },
      removed: ({ resource }) => void this.#byPrefix.delete(resource.kind.prefix),
    });
  }

  /** `namespace/name/prefix`: what the queue calls a vertex. */
  keyOf(informer: Informer<ApiObject>, { metadata }: AnyObject): string {
    return `${metadata.namespace ?? ''}/${metadata.name}${informer.resource.kind.prefix}`;
  }

  find(key: string): Vertex | undefined {
    const [namespace = '', name = '', ...prefix] = key.split('/');
    const informer = this.#byPrefix.get(`/${prefix.join('/')}`);
    const object = informer?.get(namespace, name);
    return informer === undefined || object === undefined ? undefined : { informer, object };
  }

  dependentsOf(uid: string): readonly Vertex[] {
    return this.informers.flatMap((informer) =>
      informer.find('owner', uid).map((object) => ({ informer, object })),
    );
  }

  /**
   * What a reference points at, asked of the server where the cache does not have it. `unknown`
   * where nobody can tell: a kind that is not served, a namespaced owner of a cluster's object.
   */
  async ownerOf(dependent: AnyObject, reference: OwnerReference): Promise<Owner> {
    const informer = this.#informerOf(reference);
    if (informer === undefined) return this.#customs.isGone(reference.uid) ? 'absent' : 'unknown';
    const { namespaced } = informer.resource.kind;
    const { namespace } = dependent.metadata;
    if (namespaced && namespace === undefined) return 'unknown';
    const place = namespaced ? (namespace ?? '') : '';
    const known = informer.get(place, reference.name);
    if (known?.metadata.uid === reference.uid) return known;
    const fresh = await informer.refresh(place, reference.name);
    return fresh?.metadata.uid === reference.uid ? fresh : 'absent';
  }

  /**
   * Reads anew whatever may depend on an object, which the caches may not have yet. After an error
   * it goes on where it was.
   */
  async refreshAround({ metadata }: AnyObject): Promise<void> {
    const { namespace, uid } = metadata;
    const read = this.#read.get(uid) ?? new Set();
    this.#read.set(uid, read);
    for (const informer of this.informers) {
      if (namespace === undefined || !informer.resource.kind.namespaced) continue;
      if (read.has(informer)) continue;
      await informer.refreshAll(namespace);
      read.add(informer);
    }
  }

  /** The object has gone. */
  forget(uid: string): void {
    this.#read.delete(uid);
  }

  #informerOf({ apiVersion, kind }: OwnerReference): Informer<ApiObject> | undefined {
    const found = findKind(apiVersion, kind);
    if (found === undefined) return this.#customs.find(apiVersion, kind);
    return this.#byPrefix.get(storedKind(found).prefix);
  }

  async patch(vertex: Vertex, metadata: Readonly<Record<string, unknown>>): Promise<void> {
    const { object, informer } = vertex;
    const { uid, resourceVersion } = object.metadata;
    const document = JSON.parse(
      JSON.stringify({ metadata: { ...metadata, uid, resourceVersion } }),
    ) as ApiObject;
    const resource: Resource<ApiObject> = informer.resource;
    await this.#cluster.patch(resource, object, { type: 'merge', document });
  }
}

export type Owner = AnyObject | 'absent' | 'unknown';

/** Of most kinds only the owners are of interest; other controllers keep whole objects. */
function metadataAlone({ metadata }: AnyObject): AnyObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const { ownerReferences, finalizers, deletionTimestamp } = metadata;
  return {
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      creationTimestamp,
      ...(ownerReferences !== undefined && { ownerReferences }),
      ...(finalizers !== undefined && { finalizers }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    },
  };
}
