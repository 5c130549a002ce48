import type { Stored } from '../api/client/client.ts';
import type { ApiObject } from '../api/client/resources.ts';
import type { Informer } from '../api/client/informer.ts';
import type { Resource } from '../api/client/resources.ts';
import { apiVersionOf } from '../api/kind.ts';
import { type LabelSelector, matchesLabels } from '../api/selector/label-selector.ts';
import type { OwnerReference } from '../api/types/generated/meta-v1.ts';
import type { Cluster } from './cluster.ts';
import { isRefused } from '../api/client/refusal.ts';

type Owned = { readonly metadata: { readonly ownerReferences?: unknown } };

/** The one owner that controls an object. */
export function controllerOf(object: Owned): OwnerReference | undefined {
  const references = object.metadata.ownerReferences as readonly OwnerReference[] | undefined;
  return references?.find(({ controller }) => controller === true);
}

export function isControlledBy(object: Owned, owner: { metadata: { uid: string } }): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

/** What an object says of its controller, which it must outlive in a foreground deletion. */
export function controllerReference<T extends ApiObject>(
  { kind }: Resource<T>,
  owner: Stored<T>,
): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The owner in a cache, if it is still the same one. */
export function ownerIn<T extends ApiObject>(
  informer: Informer<T>,
  object: Stored<ApiObject>,
): Stored<T> | undefined {
  const reference = controllerOf(object);
  if (reference === undefined || reference.kind !== informer.resource.kind.kind) return undefined;
  const owner = informer.get(object.metadata.namespace ?? '', reference.name);
  return owner?.metadata.uid === reference.uid ? owner : undefined;
}

/** Keys of the owners in a cache that an object has or had. */
export function ownersOf<T extends ApiObject>(
  informer: Informer<T>,
  ...objects: readonly (Stored<ApiObject> | undefined)[]
): string[] {
  const keys = objects.flatMap((object) => {
    const reference = object === undefined ? undefined : controllerOf(object);
    if (reference?.kind !== informer.resource.kind.kind) return [];
    const { namespace = '' } = object?.metadata ?? {};
    return [namespace === '' ? reference.name : `${namespace}/${reference.name}`];
  });
  return [...new Set(keys)];
}

export interface Claim<O extends ApiObject, T extends ApiObject> {
  readonly ownerResource: Resource<O>;
  readonly owner: Stored<O>;
  readonly selector: LabelSelector;
  readonly resource: Resource<T>;
  readonly candidates: readonly Stored<T>[];
}

/**
 * What belongs to an owner: what it controls already and still selects, and orphans that it
 * selects, which are adopted. What it no longer selects is released.
 */
export async function claim<O extends ApiObject, T extends ApiObject>(
  cluster: Cluster,
  request: Claim<O, T>,
): Promise<Stored<T>[]> {
  const { owner, selector, candidates } = request;
  const leaving = owner.metadata.deletionTimestamp !== undefined;
  const claimed: Stored<T>[] = [];
  let mayAdopt: boolean | undefined;
  for (const object of candidates) {
    const matches = matchesLabels(selector, object.metadata.labels ?? {});
    const reference = controllerOf(object);
    if (reference !== undefined) {
      if (reference.uid !== owner.metadata.uid) continue;
      if (matches) claimed.push(object);
      else if (!leaving) await release(cluster, request, object);
      continue;
    }
    if (!matches || leaving || object.metadata.deletionTimestamp !== undefined) continue;
    mayAdopt ??= await isStillThere(cluster, request);
    if (!mayAdopt) continue;
    const adopted = await adopt(cluster, request, object);
    if (adopted !== undefined) claimed.push(adopted);
  }
  return claimed;
}

/** Asked of the server: an owner that is deleted meanwhile would leave what it adopts behind. */
async function isStillThere<O extends ApiObject, T extends ApiObject>(
  cluster: Cluster,
  { ownerResource, owner }: Claim<O, T>,
): Promise<boolean> {
  const { namespace = '', name, uid } = owner.metadata;
  const fresh = await cluster.informer(ownerResource).refresh(namespace, name);
  return fresh?.metadata.uid === uid && fresh.metadata.deletionTimestamp === undefined;
}

async function adopt<O extends ApiObject, T extends ApiObject>(
  cluster: Cluster,
  { ownerResource, owner, resource }: Claim<O, T>,
  object: Stored<T>,
): Promise<Stored<T> | undefined> {
  const references = object.metadata.ownerReferences ?? [];
  const reference = controllerReference(ownerResource, owner);
  return await patchOwners(cluster, { resource, object }, [...references, reference]);
}

async function release<O extends ApiObject, T extends ApiObject>(
  cluster: Cluster,
  { owner, resource }: Claim<O, T>,
  object: Stored<T>,
): Promise<void> {
  const references = object.metadata.ownerReferences ?? [];
  const others = references.filter(({ uid }) => uid !== owner.metadata.uid);
  await patchOwners(cluster, { resource, object }, others);
}

async function patchOwners<T extends ApiObject>(
  cluster: Cluster,
  { resource, object }: { readonly resource: Resource<T>; readonly object: Stored<T> },
  ownerReferences: readonly OwnerReference[],
): Promise<Stored<T> | undefined> {
  const { uid, resourceVersion } = object.metadata;
  const references = ownerReferences.length === 0 ? null : ownerReferences.map(plain);
  const document = { metadata: { uid, resourceVersion, ownerReferences: references } };
  try {
    return await cluster.patch(resource, object, { type: 'merge', document });
  } catch (error) {
    if (isRefused(error, 'NotFound')) return undefined;
    throw error;
  }
}

function plain(reference: OwnerReference): Record<string, string | boolean> {
  return JSON.parse(JSON.stringify(reference)) as Record<string, string | boolean>;
}
