import type { OwnerReference } from '../../api/types/generated/meta-v1.ts';
import type { Cluster, Deletion } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import { isRefused } from '../../api/client/refusal.ts';
import type { AnyObject } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';
import { type Owner, OwnerGraph, type Vertex } from './graph.ts';

const foreground = 'foregroundDeletion';
const orphan = 'orphan';

/** Deletes what no owner is left of, and lets owners go when their dependents have. */
export class GarbageCollector implements Controller {
  readonly name = 'garbage-collector-controller';
  readonly workers = 8;
  readonly #cluster: Cluster;
  readonly #graph: OwnerGraph;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#graph = new OwnerGraph(cluster);
  }

  get needs() {
    return this.#graph.informers;
  }

  watch(queue: WorkQueue): void {
    this.#graph.onInformer((informer) => {
      informer.onChange((now, before) => {
        if (isOfNoConcern(now, before)) return;
        if (now !== undefined && concerns(now)) queue.add(this.#graph.keyOf(informer, now));
        const gone = before !== undefined && now?.metadata.uid !== before.metadata.uid;
        if (gone) this.#graph.forget(before.metadata.uid);
        const waits = now !== undefined && isWaiting(now);
        const uid = gone ? before.metadata.uid : waits ? now.metadata.uid : undefined;
        if (uid !== undefined) {
          for (const { informer: of, object } of this.#graph.dependentsOf(uid)) {
            queue.add(this.#graph.keyOf(of, object));
          }
        }
        // An owner that waits may be waiting for this one.
        const references = [now, before].flatMap((of) => of?.metadata.ownerReferences ?? []);
        for (const { uid: owner } of references) this.#askOwner(queue, owner, before ?? now);
      });
    });
  }

  async reconcile(key: string): Promise<undefined> {
    const vertex = this.#graph.find(key);
    if (vertex === undefined) return;
    try {
      if (isLeaving(vertex.object)) await this.#leave(vertex);
      const references = vertex.object.metadata.ownerReferences ?? [];
      const fresh = this.#graph.find(key);
      if (fresh !== undefined && references.length > 0 && mayBeDeleted(fresh.object)) {
        await this.#judge(fresh);
      }
    } catch (error) {
      if (!isRefused(error, 'NotFound')) throw error;
    }
  }

  #askOwner(queue: WorkQueue, owner: string, dependent: AnyObject | undefined): void {
    const reference = dependent?.metadata.ownerReferences?.find(({ uid }) => uid === owner);
    if (dependent === undefined || reference === undefined) return;
    for (const informer of this.#graph.informers) {
      if (informer.resource.kind.kind !== reference.kind) continue;
      const { namespaced } = informer.resource.kind;
      const place = namespaced ? (dependent.metadata.namespace ?? '') : '';
      const found = informer.get(place, reference.name);
      if (found !== undefined && isLeaving(found)) queue.add(this.#graph.keyOf(informer, found));
    }
  }

  /** An object that is deleted but waits: for its dependents to go, or to be let go. */
  async #leave(vertex: Vertex): Promise<void> {
    const { finalizers = [], uid } = vertex.object.metadata;
    if (finalizers.includes(orphan)) {
      // What is not let go now would be deleted afterwards.
      await this.#graph.refreshAround(vertex.object);
      for (const dependent of this.#graph.dependentsOf(uid)) await this.#letGo(dependent, uid);
      await this.#removeFinalizer(vertex, orphan);
      return;
    }
    if (this.#blockers(uid).length > 0) return;
    await this.#graph.refreshAround(vertex.object);
    if (this.#blockers(uid).length === 0) await this.#removeFinalizer(vertex, foreground);
  }

  #blockers(uid: string): readonly Vertex[] {
    return this.#graph
      .dependentsOf(uid)
      .filter(({ object }) =>
        object.metadata.ownerReferences?.some(
          (reference) => reference.uid === uid && reference.blockOwnerDeletion === true,
        ),
      );
  }

  async #letGo(vertex: Vertex, owner: string): Promise<void> {
    const references = vertex.object.metadata.ownerReferences ?? [];
    await this.#keepOwners(
      vertex,
      references.filter(({ uid }) => uid !== owner),
    );
  }

  async #keepOwners(vertex: Vertex, references: readonly OwnerReference[]): Promise<void> {
    const ownerReferences = references.length === 0 ? null : references;
    try {
      await this.#graph.patch(vertex, { ownerReferences });
    } catch (error) {
      if (!isRefused(error, 'NotFound')) throw error;
    }
  }

  async #removeFinalizer(vertex: Vertex, finalizer: string): Promise<void> {
    const left = (vertex.object.metadata.finalizers ?? []).filter((word) => word !== finalizer);
    await this.#graph.patch(vertex, { finalizers: left.length === 0 ? null : left });
  }

  /** Whether an object still has an owner; one without is deleted. */
  async #judge(vertex: Vertex): Promise<void> {
    const { object } = vertex;
    const references = object.metadata.ownerReferences ?? [];
    const owners: { reference: OwnerReference; owner: Owner }[] = [];
    for (const reference of references) {
      owners.push({ reference, owner: await this.#graph.ownerOf(object, reference) });
    }
    const waiting = owners.filter(({ owner }) => typeof owner === 'object' && isWaiting(owner));
    const absent = owners.filter(({ owner }) => owner === 'absent');
    const solid = owners.filter((entry) => !waiting.includes(entry) && !absent.includes(entry));
    if (solid.length > 0) {
      if (solid.length === owners.length) return;
      return await this.#keepOwners(
        vertex,
        solid.map(({ reference }) => reference),
      );
    }
    const { resource } = vertex.informer;
    const propagationPolicy =
      waiting.length > 0 && this.#graph.dependentsOf(object.metadata.uid).length > 0
        ? 'Foreground'
        : policyOf(object);
    const deletion: Deletion = { propagationPolicy, unchanged: true };
    await this.#cluster.delete(resource, object, deletion);
  }
}

/** Most changes are of what the objects say, not of whom they belong to. */
function isOfNoConcern(now: AnyObject | undefined, before: AnyObject | undefined): boolean {
  if (now === undefined || before?.metadata.uid !== now.metadata.uid) return false;
  return belongings(now) === belongings(before);
}

function belongings({ metadata }: AnyObject): string {
  return JSON.stringify([
    metadata.ownerReferences,
    metadata.finalizers,
    metadata.deletionTimestamp,
  ]);
}

/** Only these have anything to be looked at for. */
function concerns(object: AnyObject): boolean {
  return (object.metadata.ownerReferences ?? []).length > 0 || isLeaving(object);
}

/** It is deleted and the collector has to do something for it. */
function isLeaving({ metadata }: AnyObject): boolean {
  const { deletionTimestamp, finalizers = [] } = metadata;
  if (deletionTimestamp === undefined) return false;
  return finalizers.includes(orphan) || finalizers.includes(foreground);
}

/** It is deleted and goes after its dependents. */
function isWaiting({ metadata }: AnyObject): boolean {
  return (
    metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(foreground) === true
  );
}

function mayBeDeleted({ metadata }: AnyObject): boolean {
  return metadata.deletionTimestamp === undefined;
}

/** What its finalizers say of how it is to go. */
function policyOf({ metadata }: AnyObject): 'Orphan' | 'Foreground' | 'Background' {
  if (metadata.finalizers?.includes(orphan) === true) return 'Orphan';
  return metadata.finalizers?.includes(foreground) === true ? 'Foreground' : 'Background';
}
