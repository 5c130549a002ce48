import type { Stored } from '../../api/client/client.ts';
import type { ApiObject } from '../../api/client/resources.ts';
import { type Resource, resourceOfKind, resources } from '../../api/client/resources.ts';
import { equal } from '../../api/json.ts';
import { resourceOf } from '../../api/kind.ts';
import { customResources } from '../custom-resources.ts';
import type * as coreV1 from '../../api/types/generated/core-v1.ts';
import { messageOf } from '../../base/error.ts';
import type { Cluster } from '../cluster.ts';
import { withCondition } from '../condition.ts';
import type { Controller } from '../control-loop.ts';
import { isRefused } from '../../api/client/refusal.ts';
import type { WorkQueue } from '../work-queue.ts';

type Namespace = Stored<coreV1.Namespace>;

/** What of a namespace is still there after everything was asked to go. */
interface Rest {
  readonly counts: ReadonlyMap<string, number>;
  readonly finalizers: ReadonlyMap<string, number>;
  readonly failure: string | undefined;
}

const finalizer = 'kubernetes';
const shortestWaitMs = 200;
const longestWaitMs = 5000;

/** Empties a namespace that is deleted, and lets it go when nothing is left in it. */
export class NamespaceController implements Controller {
  readonly name = 'namespace-controller';
  readonly #cluster: Cluster;
  readonly #namespaces;
  readonly #contents: readonly Resource<ApiObject>[];

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#namespaces = cluster.informer(resources.namespaces);
    this.#contents = Object.values(resources)
      .filter(({ kind }) => kind.namespaced && !kind.virtual)
      .map(({ kind }) => resourceOfKind(kind));
  }

  get needs() {
    return [this.#namespaces];
  }

  watch(queue: WorkQueue): void {
    this.#namespaces.onChange((now) => {
      if (now?.metadata.deletionTimestamp !== undefined) queue.add(now.metadata.name);
    });
  }

  async reconcile(name: string): Promise<number | undefined> {
    const namespace = await this.#namespaces.refresh('', name);
    if (namespace?.metadata.deletionTimestamp === undefined) return undefined;
    if (!(namespace.spec.finalizers ?? []).includes(finalizer)) return undefined;
    const rest = await this.#empty(name);
    await this.#report(namespace, rest);
    if (rest.counts.size === 0 && rest.failure === undefined) {
      await this.#letGo(namespace);
      return undefined;
    }
    // Pods may take as long as their grace: the longer it takes, the rarer it is looked at.
    const since = this.#cluster.now() - Date.parse(namespace.metadata.deletionTimestamp);
    return Math.min(Math.max(since / 4, shortestWaitMs), longestWaitMs);
  }

  async #empty(namespace: string): Promise<Rest> {
    const counts = new Map<string, number>();
    const finalizers = new Map<string, number>();
    let failure: string | undefined;
    const count = async (resource: Resource<ApiObject>) => {
      for (const object of await this.#remaining(resource, namespace)) {
        const name = resourceOf(resource.kind);
        counts.set(name, (counts.get(name) ?? 0) + 1);
        for (const word of object.metadata.finalizers ?? []) {
          finalizers.set(word, (finalizers.get(word) ?? 0) + 1);
        }
      }
    };
    for (const resource of [...this.#contents, ...(await this.#customs())]) {
      // Over a bad network one of so many calls always fails: it is asked again before all are.
      await count(resource)
        .catch(() => count(resource))
        .catch((error: unknown) => {
          failure = messageOf(error);
        });
    }
    return { counts, finalizers, failure };
  }

  /** Kinds that definitions have made; of one that goes meanwhile nothing is left either. */
  async #customs(): Promise<readonly Resource<ApiObject>[]> {
    const { items } = await this.#cluster.client.list(resources.customResourceDefinitions);
    return customResources(items).filter(({ kind }) => kind.namespaced);
  }

  /** Deletes what there is of a kind, and tells what is there still. */
  async #remaining(
    resource: Resource<ApiObject>,
    namespace: string,
  ): Promise<readonly Stored<ApiObject>[]> {
    const { items } = await this.#cluster.client.list(resource, { namespace });
    const waiting = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    for (const object of waiting) {
      try {
        await this.#cluster.delete(resource, object, { propagationPolicy: 'Background' });
      } catch (error) {
        if (!isRefused(error, 'NotFound', 'MethodNotAllowed')) throw error;
      }
    }
    if (items.length === 0) return items;
    return (await this.#cluster.client.list(resource, { namespace })).items;
  }

  async #report(namespace: Namespace, rest: Rest): Promise<void> {
    const time = this.#cluster.time();
    const conditions = conditionsOf(rest).reduce<readonly coreV1.NamespaceCondition[]>(
      (list, condition) => {
        const others = list.filter(({ type }) => type !== condition.type);
        const known = list.find(({ type }) => type === condition.type);
        if (known?.message === condition.message && known?.status === condition.status) return list;
        return withCondition(others, { ...condition, lastTransitionTime: time });
      },
      namespace.status?.conditions ?? [],
    );
    if (equal(conditions, namespace.status?.conditions)) return;
    const status = { ...namespace.status, conditions };
    try {
      await this.#cluster.updateStatus(resources.namespaces, { ...namespace, status });
    } catch (error) {
      if (!isRefused(error, 'NotFound')) throw error;
    }
  }

  async #letGo(namespace: Namespace): Promise<void> {
    const finalizers = (namespace.spec.finalizers ?? []).filter((word) => word !== finalizer);
    try {
      await this.#cluster.patch(resources.namespaces, namespace, {
        type: 'merge',
        document: { spec: { finalizers } },
        subresource: 'finalize',
      });
    } catch (error) {
      if (!isRefused(error, 'NotFound')) throw error;
    }
  }
}

function conditionsOf({ counts, finalizers, failure }: Rest): coreV1.NamespaceCondition[] {
  const resourcesLeft = [...counts].map(
    ([name, count]) => `${name} has ${count} resource instances`,
  );
  const finalizersLeft = [...finalizers].map(
    ([name, count]) => `${name} in ${count} resource instances`,
  );
  return [
    said('NamespaceDeletionDiscoveryFailure', undefined, {
      yes: 'DiscoveryFailed',
      no: 'ResourcesDiscovered',
      fine: 'All resources successfully discovered',
    }),
    said('NamespaceDeletionGroupVersionParsingFailure', undefined, {
      yes: 'GroupVersionParsingFailed',
      no: 'ParsedGroupVersions',
      fine: 'All legacy kube types successfully parsed',
    }),
    said('NamespaceDeletionContentFailure', failure, {
      yes: 'ContentDeletionFailed',
      no: 'ContentDeleted',
      fine: 'All content successfully deleted, may be waiting on finalization',
    }),
    said('NamespaceContentRemaining', listed('Some resources are remaining: ', resourcesLeft), {
      yes: 'SomeResourcesRemain',
      no: 'ContentRemoved',
      fine: 'All content successfully removed',
    }),
    said(
      'NamespaceFinalizersRemaining',
      listed('Some content in the namespace has finalizers remaining: ', finalizersLeft),
      {
        yes: 'SomeFinalizersRemain',
        no: 'ContentHasNoFinalizers',
        fine: 'All content-preserving finalizers finished',
      },
    ),
  ];
}

function listed(words: string, entries: readonly string[]): string | undefined {
  return entries.length === 0 ? undefined : words + entries.toSorted().join(', ');
}

function said(
  type: string,
  trouble: string | undefined,
  { yes, no, fine }: { readonly yes: string; readonly no: string; readonly fine: string },
): coreV1.NamespaceCondition {
  return trouble === undefined
    ? { type, status: 'False', reason: no, message: fine }
    : { type, status: 'True', reason: yes, message: trouble };
}
