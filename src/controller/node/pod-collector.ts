import { resources } from '../../api/client/resources.ts';
import type { Cluster } from '../cluster.ts';
import { withCondition } from '../condition.ts';
import type { Controller } from '../control-loop.ts';
import { isFinished, isTerminating } from '../pod-state.ts';
import { podsOf } from '../pods.ts';
import { isRefused } from '../../api/client/refusal.ts';
import type { Node, Pod } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';
import { readiness } from './health.ts';

const intervalMs = 20_000;
/** A node that is not there may be about to be told of. */
const quarantineMs = 40_000;
/** Ended pods that are kept for people to look at. */
const mostFinished = 12_500;
const outOfService = 'node.kubernetes.io/out-of-service';

/** Removes pods that no kubelet will: of nodes that are gone, and ended ones beyond a number. */
export class PodCollector implements Controller {
  readonly name = 'pod-garbage-collector';
  readonly workers = 1;
  readonly #cluster: Cluster;
  readonly #nodes;
  readonly #pods;
  readonly #missing = new Map<string, number>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#nodes = cluster.informer(resources.nodes);
    this.#pods = podsOf(cluster);
  }

  get needs() {
    return [this.#nodes, this.#pods];
  }

  watch(queue: WorkQueue): void {
    queue.add('all');
  }

  async reconcile(): Promise<number> {
    const pods = this.#pods.list();
    const lost = await this.#lostNodes(pods);
    for (const pod of pods) {
      const { nodeName } = pod.spec;
      if (nodeName === undefined) {
        if (isTerminating(pod)) await this.#remove(pod, undefined);
      } else if (lost.has(nodeName)) {
        await this.#remove(pod, 'PodGC: node no longer exists');
      } else if (isTerminating(pod) && isOutOfService(this.#nodes.get('', nodeName))) {
        await this.#remove(pod, 'PodGC: node out-of-service');
      }
    }
    const finished = pods
      .filter((pod) => isFinished(pod) && !isTerminating(pod))
      .toSorted((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1));
    const surplus = finished.slice(0, Math.max(0, finished.length - mostFinished));
    for (const pod of surplus) await this.#remove(pod, undefined);
    return intervalMs;
  }

  /** Nodes that pods are on and that have been missing for a while, asked of the server at last. */
  async #lostNodes(pods: readonly Pod[]): Promise<ReadonlySet<string>> {
    const now = this.#cluster.now();
    const names = new Set(pods.flatMap(({ spec }) => spec.nodeName ?? []));
    for (const name of this.#missing.keys()) {
      if (!names.has(name) || this.#nodes.get('', name) !== undefined) this.#missing.delete(name);
    }
    const lost = new Set<string>();
    for (const name of names) {
      if (this.#nodes.get('', name) !== undefined) continue;
      const since = this.#missing.get(name) ?? now;
      this.#missing.set(name, since);
      if (now - since < quarantineMs) continue;
      if ((await this.#nodes.refresh('', name)) === undefined) lost.add(name);
    }
    return lost;
  }

  /** Says first why, for a pod that nobody could end in an orderly way. */
  async #remove(pod: Pod, message: string | undefined): Promise<void> {
    try {
      if (message !== undefined && !isFinished(pod)) {
        const conditions = withCondition(pod.status?.conditions, {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'DeletionByPodGC',
          message,
          lastTransitionTime: this.#cluster.time(),
        });
        const status = { ...pod.status, phase: 'Failed', conditions };
        await this.#cluster.updateStatus(resources.pods, { ...pod, status });
      }
      await this.#cluster.delete(resources.pods, pod, { gracePeriodSeconds: 0 });
    } catch (error) {
      if (!isRefused(error, 'NotFound')) throw error;
    }
  }
}

/** Somebody has switched the node off for sure. */
function isOutOfService(node: Node | undefined): boolean {
  if (node === undefined || readiness(node) === 'True') return false;
  return node.spec?.taints?.some(({ key }) => key === outOfService) === true;
}
