import { keyOf } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import type { Taint } from '../../api/types/generated/core-v1.ts';
import type { Cluster } from '../cluster.ts';
import { withCondition } from '../condition.ts';
import type { Controller } from '../control-loop.ts';
import { tolerates } from '../daemon-set/node-fit.ts';
import { isFinished, isTerminating } from '../pod-state.ts';
import { podsOf } from '../pods.ts';
import { isRefused } from '../../api/client/refusal.ts';
import type { Node, Pod } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';

const source = 'taint-eviction-controller';

/** Drives pods away from nodes whose taints they do not tolerate, or no longer. */
export class TaintEvictionController implements Controller {
  readonly name = source;
  readonly #cluster: Cluster;
  readonly #nodes;
  readonly #pods;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#nodes = cluster.informer(resources.nodes);
    this.#pods = podsOf(cluster);
  }

  get needs() {
    return [this.#nodes, this.#pods];
  }

  watch(queue: WorkQueue): void {
    this.#nodes.onChange((now, before) => {
      const told = JSON.stringify(now === undefined ? [] : evicting(now));
      if (now === undefined || told === JSON.stringify(before && evicting(before))) return;
      for (const pod of this.#pods.find('node', now.metadata.name)) queue.add(keyOf(pod));
    });
    this.#pods.onChange((now, before) => {
      if (now?.spec.nodeName === undefined) return;
      if (now.spec.nodeName === before?.spec.nodeName) return;
      queue.add(keyOf(now));
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const pod = this.#pods.getByKey(key);
    const nodeName = pod?.spec.nodeName;
    if (pod === undefined || nodeName === undefined) return undefined;
    if (isTerminating(pod) || isFinished(pod)) return undefined;
    const node = this.#nodes.get('', nodeName);
    const wait = node === undefined ? undefined : stayMs(pod, node, this.#cluster.now());
    if (wait === undefined || wait > 0) return wait;
    const name = keyOf(pod);
    this.#cluster.events.tell(resources.pods, pod, {
      source,
      type: 'Normal',
      reason: 'TaintManagerEviction',
      message: `Marking for deletion Pod ${name}`,
    });
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: this.#cluster.time(),
    };
    const conditions = withCondition(pod.status?.conditions, condition);
    try {
      const status = { ...pod.status, conditions };
      await this.#cluster.updateStatus(resources.pods, { ...pod, status });
    } catch (error) {
      if (isRefused(error, 'NotFound')) return undefined;
      throw error;
    }
    await this.#cluster.delete(resources.pods, pod);
    return undefined;
  }
}

function evicting({ spec }: Node): readonly Taint[] {
  return (spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
}

/** How long a pod may stay on a node; undefined for as long as it likes. */
export function stayMs(pod: Pod, node: Node, nowMs: number): number | undefined {
  const waits = evicting(node).map((taint) => {
    const found = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(taint)(toleration));
    if (found.length === 0) return 0;
    const limits = found.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? []);
    if (limits.length < found.length) return undefined;
    const since = Math.max(
      Date.parse(taint.timeAdded ?? node.metadata.creationTimestamp),
      Date.parse(pod.metadata.creationTimestamp),
    );
    return Math.max(0, since + Math.min(...limits) * 1000 - nowMs);
  });
  const limited = waits.filter((wait) => wait !== undefined);
  return limited.length === 0 ? undefined : Math.min(...limited);
}
