import { keyOf, type Stored } from '../api/client/client.ts';
import { resources } from '../api/client/resources.ts';
import { equal } from '../api/json.ts';
import { matchesLabels, readLabelSelector } from '../api/selector/label-selector.ts';
import type * as policyV1 from '../api/types/generated/policy-v1.ts';
import type { Cluster } from './cluster.ts';
import { withCondition } from './condition.ts';
import type { Controller } from './control-loop.ts';
import { amountOf } from './deployment/bounds.ts';
import { controllerOf, ownerIn } from './owner.ts';
import { isFinished, isReady, isTerminating } from './pod-state.ts';
import { podsOf } from './pods.ts';
import type { Pod } from './stored.ts';
import type { WorkQueue } from './work-queue.ts';

type Budget = Stored<policyV1.PodDisruptionBudget>;

/** An evicted pod counts as gone for so long; if it is still there then, it was not evicted. */
const evictionMs = 120_000;

/** Counts how many pods of a budget may be evicted now. */
export class DisruptionController implements Controller {
  readonly name = 'controllermanager';
  readonly #cluster: Cluster;
  readonly #budgets;
  readonly #pods;
  readonly #owners;
  readonly #deployments;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#budgets = cluster.informer(resources.podDisruptionBudgets);
    this.#pods = podsOf(cluster);
    this.#deployments = cluster.informer(resources.deployments);
    this.#owners = {
      sets: cluster.informer(resources.replicaSets),
      controllers: cluster.informer(resources.replicationControllers),
      stateful: cluster.informer(resources.statefulSets),
    };
  }

  get needs() {
    const { sets, controllers, stateful } = this.#owners;
    return [this.#budgets, this.#pods, this.#deployments, sets, controllers, stateful];
  }

  watch(queue: WorkQueue): void {
    this.#budgets.onChange((now) => (now === undefined ? undefined : queue.add(keyOf(now))));
    this.#pods.onChange((now, before) => {
      const pod = now ?? before;
      for (const budget of this.#budgets.list(pod?.metadata.namespace ?? '')) {
        const selector = readLabelSelector(budget.spec?.selector);
        const concerned = [now, before].some(
          (of) => of !== undefined && matchesLabels(selector, of.metadata.labels ?? {}),
        );
        if (concerned) queue.add(keyOf(budget));
      }
    });
    const { sets, controllers, stateful } = this.#owners;
    for (const informer of [sets, controllers, stateful, this.#deployments]) {
      informer.onChange((now, before) => {
        if (now?.metadata.generation === before?.metadata.generation) return;
        const { namespace = '' } = (now ?? before)?.metadata ?? {};
        for (const budget of this.#budgets.list(namespace)) queue.add(keyOf(budget));
      });
    }
  }

  async reconcile(key: string): Promise<number | undefined> {
    const budget = this.#budgets.getByKey(key);
    if (budget === undefined) return undefined;
    const selector = readLabelSelector(budget.spec?.selector);
    const pods =
      budget.spec?.selector === undefined
        ? []
        : this.#pods
            .list(budget.metadata.namespace ?? '')
            .filter(({ metadata }) => matchesLabels(selector, metadata.labels ?? {}))
            .filter((pod) => !isFinished(pod));
    const nowMs = this.#cluster.now();
    const disrupted = stillDisrupted(budget, pods, nowMs);
    const expected = this.#expected(budget, pods);
    const status = statusOf(budget, { pods, disrupted, expected, time: this.#cluster.time() });
    if (!equal(status, budget.status)) {
      await this.#cluster.updateStatus(resources.podDisruptionBudgets, { ...budget, status });
    }
    return Object.keys(disrupted).length === 0 ? undefined : evictionMs;
  }

  /** How many pods there should be, by those who make them; a plain number needs none of that. */
  #expected({ spec }: Budget, pods: readonly Pod[]): number {
    if (spec?.maxUnavailable === undefined && typeof spec?.minAvailable !== 'string') {
      return pods.length;
    }
    const scales = new Map<string, number>();
    for (const pod of pods) {
      const uid = controllerOf(pod)?.uid;
      if (uid !== undefined && !scales.has(uid)) scales.set(uid, this.#scaleOf(pod) ?? 0);
    }
    // Sets of one deployment share its number.
    const byDeployment = new Map<string, number>();
    for (const pod of pods) {
      const set = ownerIn(this.#owners.sets, pod);
      const deployment = set === undefined ? undefined : ownerIn(this.#deployments, set);
      if (set === undefined || deployment === undefined) continue;
      scales.delete(set.metadata.uid);
      byDeployment.set(deployment.metadata.uid, deployment.spec.replicas ?? 1);
    }
    return [...scales.values(), ...byDeployment.values()].reduce((sum, scale) => sum + scale, 0);
  }

  #scaleOf(pod: Pod): number | undefined {
    const { sets, controllers, stateful } = this.#owners;
    const owner = ownerIn(sets, pod) ?? ownerIn(controllers, pod) ?? ownerIn(stateful, pod);
    return owner === undefined ? undefined : (owner.spec?.replicas ?? 1);
  }
}

/** Evictions that were let through and whose pods have not gone yet. */
function stillDisrupted(
  { status }: Budget,
  pods: readonly Pod[],
  nowMs: number,
): Record<string, string> {
  const here = new Map(pods.map((pod) => [pod.metadata.name, pod]));
  const entries = Object.entries(status?.disruptedPods ?? {}).filter(([name, time]) => {
    const pod = here.get(name);
    return pod !== undefined && !isTerminating(pod) && Date.parse(time) + evictionMs > nowMs;
  });
  return Object.fromEntries(entries);
}

interface Observed {
  readonly pods: readonly Pod[];
  readonly disrupted: Record<string, string>;
  readonly expected: number;
  readonly time: string;
}

function statusOf(
  { metadata, spec, status }: Budget,
  { pods, disrupted, expected, time }: Observed,
): policyV1.PodDisruptionBudgetStatus {
  const { maxUnavailable, minAvailable = 1 } = spec ?? {};
  const desired =
    maxUnavailable === undefined
      ? amountOf(minAvailable, expected, Math.ceil)
      : Math.max(0, expected - amountOf(maxUnavailable, expected, Math.ceil));
  const healthy = pods.filter(
    (pod) => isReady(pod) && !isTerminating(pod) && !Object.hasOwn(disrupted, pod.metadata.name),
  ).length;
  const allowed = expected === 0 ? 0 : Math.max(0, healthy - desired);
  const enough = allowed > 0;
  const conditions = withCondition(status?.conditions, {
    type: 'DisruptionAllowed',
    status: enough ? 'True' : 'False',
    reason: enough ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    lastTransitionTime: time,
    observedGeneration: metadata.generation,
  });
  return {
    observedGeneration: metadata.generation,
    ...(Object.keys(disrupted).length > 0 && { disruptedPods: disrupted }),
    disruptionsAllowed: allowed,
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected,
    conditions,
  };
}
