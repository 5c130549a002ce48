import { keyOf } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { equal } from '../../api/json.ts';
import { readLabelSelector } from '../../api/selector/label-selector.ts';
import type * as appsV1 from '../../api/types/generated/apps-v1.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import { claim, ownersOf } from '../owner.ts';
import { createPod, deletePod, isEnding, slowStart } from '../pod-control.ts';
import { isAvailable, isFinished, isReady, isTerminating, nextAvailableMs } from '../pod-state.ts';
import { podsOf } from '../pods.ts';
import { RevisionHistory } from '../revision-history.ts';
import type { DaemonSet, Node, Pod } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';
import { describeDaemon, nodeOf } from './daemon-pod.ts';
import { fitOf } from './node-fit.ts';
import { isOf, planDaemons } from './plan-daemons.ts';

const source = 'daemonset-controller';
const burst = 250;

/** Keeps one pod on each node that it is meant for. */
export class DaemonSetController implements Controller {
  readonly name = source;
  readonly #cluster: Cluster;
  readonly #sets;
  readonly #pods;
  readonly #nodes;
  readonly #history: RevisionHistory;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#sets = cluster.informer(resources.daemonSets);
    this.#pods = podsOf(cluster);
    this.#nodes = cluster.informer(resources.nodes);
    this.#history = new RevisionHistory(cluster, resources.daemonSets);
  }

  get needs() {
    return [this.#sets, this.#pods, this.#nodes, this.#history];
  }

  watch(queue: WorkQueue): void {
    this.#sets.onChange((now) => (now === undefined ? undefined : queue.add(keyOf(now))));
    this.#pods.onChange((now, before) => {
      for (const key of ownersOf(this.#sets, now, before)) queue.add(key);
    });
    this.#nodes.onChange((now, before) => {
      if (now !== undefined && before !== undefined && isSamePlace(now, before)) return;
      for (const set of this.#sets.list()) queue.add(keyOf(set));
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const set = this.#sets.getByKey(key);
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return undefined;
    const pods = await this.#claimed(set);
    const revisions = await this.#history.of(set);
    const revision = hashIn(revisions.newest.metadata.name);
    const nodes = this.#nodes.list();
    const nowMs = this.#cluster.now();
    const plan = planDaemons({ set, nodes, pods, revision, nowMs });
    const by = { resource: resources.daemonSets, owner: set, source };
    for (const pod of plan.failed) {
      const { metadata, spec } = pod;
      this.#cluster.events.tell(resources.daemonSets, set, {
        source,
        type: 'Warning',
        reason: 'FailedDaemonPod',
        message:
          `Found failed daemon pod ${metadata.namespace}/${metadata.name} on node ` +
          `${spec.nodeName}, will try to kill it`,
      });
    }
    await Promise.all(plan.remove.map((pod) => deletePod(this.#cluster, by, pod)));
    const create = plan.create.slice(0, burst);
    await slowStart(create.length, (at) =>
      createPod(this.#cluster, by, describeDaemon(set, create[at] ?? '', revision)),
    ).catch((error: unknown) => {
      if (!isEnding(error)) throw error;
    });
    await this.#report(set, revision);
    const used = new Set([revisions.newest.metadata.name]);
    for (const { metadata } of revisions.all) {
      if (pods.some((pod) => isOf(hashIn(metadata.name), pod))) used.add(metadata.name);
    }
    await this.#history.clean(set, revisions, used);
    return nextAvailableMs(pods, set.spec.minReadySeconds ?? 0, nowMs);
  }

  async #claimed(owner: DaemonSet): Promise<Pod[]> {
    return await claim(this.#cluster, {
      ownerResource: resources.daemonSets,
      owner,
      selector: readLabelSelector(owner.spec.selector),
      resource: resources.pods,
      candidates: [
        ...this.#pods.find('owner', owner.metadata.uid),
        ...this.#pods.find('orphan', owner.metadata.namespace ?? ''),
      ],
    });
  }

  async #report(seen: DaemonSet, revision: string): Promise<void> {
    const set = this.#sets.getByKey(keyOf(seen));
    if (set === undefined || set.metadata.uid !== seen.metadata.uid) return;
    const pods = this.#pods.find('owner', set.metadata.uid);
    const counts = countsOf(seen, pods, { nodes: this.#nodes.list(), revision });
    const available = this.#available(seen, pods);
    const desired = counts.desiredNumberScheduled;
    const status: appsV1.DaemonSetStatus = {
      ...set.status,
      ...counts,
      numberAvailable: present(available),
      numberUnavailable: present(Math.max(0, desired - available)),
      observedGeneration: seen.metadata.generation,
    };
    if (equal(status, set.status)) return;
    await this.#cluster.updateStatus(resources.daemonSets, { ...set, status });
  }

  /** Nodes that the set is meant for and that have a pod which serves. */
  #available(set: DaemonSet, pods: readonly Pod[]): number {
    const nowMs = this.#cluster.now();
    const spec = set.spec.template.spec ?? { containers: [] };
    const serving = pods
      .filter((pod) => !isTerminating(pod))
      .filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs))
      .map(nodeOf);
    const places = new Set(serving);
    return this.#nodes
      .list()
      .filter((node) => fitOf(spec, node).mayStart && places.has(node.metadata.name)).length;
  }
}

function countsOf(
  set: DaemonSet,
  pods: readonly Pod[],
  { nodes, revision }: { readonly nodes: readonly Node[]; readonly revision: string },
) {
  const spec = set.spec.template.spec ?? { containers: [] };
  const byNode = Map.groupBy(
    pods.filter((pod) => !isTerminating(pod) && !isFinished(pod)),
    (pod) => nodeOf(pod) ?? '',
  );
  const counts = { desired: 0, current: 0, misplaced: 0, ready: 0, updated: 0 };
  for (const node of nodes) {
    const here = (byNode.get(node.metadata.name) ?? []).toSorted((a, b) =>
      a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1,
    );
    if (!fitOf(spec, node).mayStart) {
      counts.misplaced += Math.min(1, here.length);
      continue;
    }
    counts.desired += 1;
    if (here.length === 0) continue;
    counts.current += 1;
    if (here.some((pod) => isReady(pod))) counts.ready += 1;
    if (here.some((pod) => isOf(revision, pod))) counts.updated += 1;
  }
  return {
    currentNumberScheduled: counts.current,
    numberMisscheduled: counts.misplaced,
    desiredNumberScheduled: counts.desired,
    numberReady: counts.ready,
    updatedNumberScheduled: present(counts.updated),
  };
}

/** Heartbeats change nodes all the time, and nothing of where daemons belong. */
function isSamePlace(now: Node, before: Node): boolean {
  return (
    equal(now.metadata.labels, before.metadata.labels) &&
    equal(now.spec?.taints, before.spec?.taints)
  );
}

/** A revision's name ends with the hash by which its pods are known. */
function hashIn(name: string): string {
  return name.slice(name.lastIndexOf('-') + 1);
}

/** The API leaves zeros out. */
function present(number: number): number | undefined {
  return number === 0 ? undefined : number;
}
