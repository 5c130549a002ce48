import type { Stored } from '../api/client/client.ts';
import type { ApiObject } from '../api/client/resources.ts';
import { type Resource, resources } from '../api/client/resources.ts';
import type * as coreV1 from '../api/types/generated/core-v1.ts';
import { messageOf } from '../base/error.ts';
import type { Cluster } from './cluster.ts';
import { controllerReference } from './owner.ts';
import { isRefused } from '../api/client/refusal.ts';
import type { Pod, PodTemplate } from './stored.ts';

/** Who makes and deletes pods, and tells so. */
export interface PodOwner<O extends ApiObject> {
  readonly resource: Resource<O>;
  readonly owner: Stored<O>;
  /** The source of its events. */
  readonly source: string;
}

/** A pod of a template: its labels, annotations, finalizers and spec, owned by its maker. */
export function podFrom<O extends ApiObject>(
  { resource, owner }: PodOwner<O>,
  template: PodTemplate,
): coreV1.Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    metadata: {
      namespace: owner.metadata.namespace,
      generateName: prefixFor(owner.metadata.name),
      ...(labels !== undefined && { labels }),
      ...(annotations !== undefined && { annotations }),
      ...(finalizers !== undefined && { finalizers }),
      ownerReferences: [controllerReference(resource, owner)],
    },
    spec: template.spec ?? { containers: [] },
  };
}

/** Names of pods are cut so that their suffix still fits into a host name. */
function prefixFor(name: string): string {
  return `${name.slice(0, 57)}-`;
}

/** Makes a pod and tells its owner's readers. */
export async function createPod<O extends ApiObject>(
  cluster: Cluster,
  by: PodOwner<O>,
  pod: coreV1.Pod,
): Promise<Pod> {
  const { resource, owner, source } = by;
  try {
    const created = await cluster.create(resources.pods, pod);
    const message = `Created pod: ${created.metadata.name}`;
    const happening = { source, type: 'Normal', reason: 'SuccessfulCreate', message } as const;
    cluster.events.tell(resource, owner, happening);
    return created;
  } catch (error) {
    if (!isEnding(error)) {
      const message = `Error creating: ${messageOf(error)}`;
      const happening = { source, type: 'Warning', reason: 'FailedCreate', message } as const;
      cluster.events.tell(resource, owner, happening);
    }
    throw error;
  }
}

/** Deletes a pod and tells its owner's readers. */
export async function deletePod<O extends ApiObject>(
  cluster: Cluster,
  { resource, owner, source }: PodOwner<O>,
  pod: Pod,
): Promise<void> {
  try {
    await cluster.delete(resources.pods, pod);
  } catch (error) {
    const message = `Error deleting: ${messageOf(error)}`;
    const happening = { source, type: 'Warning', reason: 'FailedDelete', message } as const;
    cluster.events.tell(resource, owner, happening);
    throw error;
  }
  const message = `Deleted pod: ${pod.metadata.name}`;
  const happening = { source, type: 'Normal', reason: 'SuccessfulDelete', message } as const;
  cluster.events.tell(resource, owner, happening);
}

/** The namespace is being deleted: there is nobody left to tell. */
export function isEnding(error: unknown): boolean {
  return isRefused(error, 'Forbidden') && /is being terminated/.test(error.message);
}

/**
 * Runs the work so many times: one first, then twice as many each time all went well, so that
 * what cannot work (a quota, a bad template) fails once and not a hundred times. Throws the first
 * failure after the batch it was in.
 */
export async function slowStart(
  count: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  let size = 1;
  for (let done = 0; done < count; size *= 2) {
    const batch = Math.min(size, count - done);
    const from = done;
    const results = await Promise.allSettled(
      Array.from({ length: batch }, (_, index) => work(from + index)),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    done += batch;
  }
}
