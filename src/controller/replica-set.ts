import type { Stored } from '../api/client/client.ts';
import { type Resource, resources } from '../api/client/resources.ts';
import { equal } from '../api/json.ts';
import type { LabelSelector } from '../api/selector/label-selector.ts';
import { matchesLabels, readLabelSelector } from '../api/selector/label-selector.ts';
import type * as appsV1 from '../api/types/generated/apps-v1.ts';
import type * as coreV1 from '../api/types/generated/core-v1.ts';
import { messageOf } from '../base/error.ts';
import type { Cluster } from './cluster.ts';
import { withCondition, withoutCondition } from './condition.ts';
import type { Controller } from './control-loop.ts';
import { claim, controllerOf, ownerIn, ownersOf } from './owner.ts';
import { createPod, deletePod, isEnding, podFrom, slowStart } from './pod-control.ts';
import * as podState from './pod-state.ts';
import { podsOf } from './pods.ts';
import type { Pod } from './stored.ts';

/** What replica sets and replication controllers have in common. */
type Replicated = (appsV1.ReplicaSet | coreV1.ReplicationController) & {
  readonly spec: { readonly replicas?: number | undefined };
};
type Owner = Stored<Replicated>;

interface Flavour {
  readonly name: string;
  readonly resource: Resource<Replicated>;
  readonly selectorOf: (owner: Owner) => LabelSelector;
}

/** Pods made or deleted in one go. */
const burst = 500;

export function replicaSetController(cluster: Cluster): Controller {
  return new ReplicaController(cluster, {
    name: 'replicaset-controller',
    resource: resources.replicaSets,
    selectorOf: ({ spec }) => readLabelSelector(spec.selector),
  });
}

export function replicationController(cluster: Cluster): Controller {
  return new ReplicaController(cluster, {
    name: 'replication-controller',
    resource: resources.replicationControllers,
    selectorOf: ({ spec }) => readLabelSelector({ matchLabels: spec.selector ?? {} }),
  });
}

/** Keeps as many pods of a template as its owner says. */
class ReplicaController implements Controller {
  readonly name: string;
  readonly #cluster: Cluster;
  readonly #flavour: Flavour;
  readonly #owners;
  readonly #pods;

  constructor(cluster: Cluster, flavour: Flavour) {
    this.name = flavour.name;
    this.#cluster = cluster;
    this.#flavour = flavour;
    this.#owners = cluster.informer(flavour.resource);
    this.#pods = podsOf(cluster);
  }

  get needs() {
    return [this.#owners, this.#pods];
  }

  watch(queue: Parameters<Controller['watch']>[0]): void {
    this.#owners.onChange((now, before) => {
      const object = now ?? before;
      if (object !== undefined) queue.add(`${object.metadata.namespace}/${object.metadata.name}`);
    });
    this.#pods.onChange((now, before) => {
      for (const key of ownersOf(this.#owners, now, before)) queue.add(key);
      if (now === undefined || controllerOf(now) !== undefined) return;
      // An orphan may be somebody's.
      for (const owner of this.#owners.list(now.metadata.namespace ?? '')) {
        if (matchesLabels(this.#flavour.selectorOf(owner), now.metadata.labels ?? {})) {
          queue.add(`${owner.metadata.namespace}/${owner.metadata.name}`);
        }
      }
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const owner = this.#owners.getByKey(key);
    if (owner === undefined) return undefined;
    const pods = await this.#claimed(owner);
    const failure =
      owner.metadata.deletionTimestamp === undefined ? await this.#manage(owner, pods) : undefined;
    const wait = await this.#report(owner, failure);
    if (failure !== undefined && !isEnding(failure.error)) throw failure.error;
    return wait;
  }

  async #claimed(owner: Owner): Promise<Pod[]> {
    const namespace = owner.metadata.namespace ?? '';
    const found = [
      ...this.#pods.find('owner', owner.metadata.uid),
      ...this.#pods.find('orphan', namespace),
    ];
    return await claim(this.#cluster, {
      ownerResource: this.#flavour.resource,
      owner,
      selector: this.#flavour.selectorOf(owner),
      resource: resources.pods,
      candidates: found.filter((pod) => podState.isActive(pod)),
    });
  }

  /** Makes what is missing, deletes what is too much. What fails is told in the status first. */
  async #manage(owner: Owner, pods: readonly Pod[]): Promise<Failure | undefined> {
    const { resource } = this.#flavour;
    const by = { resource, owner, source: this.name };
    const missing = (owner.spec.replicas ?? 1) - pods.length;
    if (missing > 0) {
      const pod = podFrom(by, owner.spec.template ?? {});
      const work = () => createPod(this.#cluster, by, pod);
      return await attempt('FailedCreate', () => slowStart(Math.min(missing, burst), work));
    }
    const victims = choose(pods, {
      count: Math.min(-missing, burst),
      related: this.#related(owner),
      nowMs: this.#cluster.now(),
    });
    return await attempt('FailedDelete', async () => {
      await Promise.all(victims.map((pod) => deletePod(this.#cluster, by, pod)));
    });
  }

  /** Pods of all replica sets of the same deployment: they share nodes with each other. */
  #related(owner: Owner): readonly Pod[] {
    const above = controllerOf(owner)?.uid;
    const siblings = above === undefined ? [owner] : this.#owners.find('owner', above);
    return siblings
      .flatMap(({ metadata }) => this.#pods.find('owner', metadata.uid))
      .filter((pod) => podState.isActive(pod));
  }

  async #report(seen: Owner, failure: Failure | undefined): Promise<number | undefined> {
    const { namespace = '', name } = seen.metadata;
    const owner = this.#owners.get(namespace, name);
    if (owner === undefined || owner.metadata.uid !== seen.metadata.uid) return undefined;
    const pods = this.#pods
      .find('owner', owner.metadata.uid)
      .filter((pod) => podState.isActive(pod) && ownerIn(this.#owners, pod) !== undefined);
    const nowMs = this.#cluster.now();
    const status = statusOf(owner, pods, { nowMs, time: this.#cluster.time(), failure, seen });
    if (!equal(status, owner.status)) {
      await this.#cluster.updateStatus(this.#flavour.resource, { ...owner, status });
    }
    return podState.nextAvailableMs(pods, owner.spec.minReadySeconds ?? 0, nowMs);
  }
}

interface Failure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly error: unknown;
}

async function attempt(
  reason: Failure['reason'],
  work: () => Promise<void>,
): Promise<Failure | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return { reason, error };
  }
}

/** Which pods have to go: those missed least. */
export function choose(
  pods: readonly Pod[],
  how: { readonly count: number; readonly related: readonly Pod[]; readonly nowMs: number },
): readonly Pod[] {
  if (how.count <= 0) return [];
  const order = podState.byDispensability(podState.crowdOf(how.related), how.nowMs);
  return pods.toSorted(order).slice(0, how.count);
}

interface Observation {
  readonly nowMs: number;
  readonly time: string;
  readonly failure: Failure | undefined;
  /** The owner as it was when its pods were counted. */
  readonly seen: Owner;
}

function statusOf(owner: Owner, pods: readonly Pod[], observation: Observation) {
  const { nowMs, time, failure, seen } = observation;
  const template = Object.entries(owner.spec.template?.metadata?.labels ?? {});
  const minReadySeconds = owner.spec.minReadySeconds ?? 0;
  const ready = pods.filter((pod) => podState.isReady(pod));
  const known = owner.status?.conditions;
  const conditions =
    failure === undefined
      ? withoutCondition(known, 'ReplicaFailure')
      : withCondition(known, {
          type: 'ReplicaFailure',
          status: 'True',
          reason: failure.reason,
          message: messageOf(failure.error),
          lastTransitionTime: time,
        });
  return {
    replicas: pods.length,
    fullyLabeledReplicas: count(
      pods.filter(({ metadata }) =>
        template.every(([key, value]) => metadata.labels?.[key] === value),
      ),
    ),
    readyReplicas: count(ready),
    availableReplicas: count(
      ready.filter((pod) => podState.isAvailable(pod, minReadySeconds, nowMs)),
    ),
    observedGeneration: seen.metadata.generation,
    conditions: conditions.length === 0 ? undefined : conditions,
  };
}

/** The API leaves zeros out. */
function count(list: readonly unknown[]): number | undefined {
  return list.length === 0 ? undefined : list.length;
}
