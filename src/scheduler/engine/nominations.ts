import type { Cluster } from '../state/cluster.ts';
import type { PlacedPod } from '../state/placed-pod.ts';

/** Pods for which others were evicted: their node is kept for them against less important pods. */
export class Nominations {
  readonly #cluster: Cluster;
  readonly #pods = new Map<string, PlacedPod>();
  readonly #byNode = new Map<string, Set<PlacedPod>>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  get size(): number {
    return this.#pods.size;
  }

  add(pod: PlacedPod): void {
    this.delete(pod.key);
    this.#pods.set(pod.key, pod);
    const pods = this.#byNode.get(pod.nodeName) ?? new Set();
    this.#byNode.set(pod.nodeName, pods.add(pod));
  }

  delete(key: string): void {
    const pod = this.#pods.get(key);
    if (pod === undefined) return;
    this.#pods.delete(key);
    const pods = this.#byNode.get(pod.nodeName);
    pods?.delete(pod);
    if (pods?.size === 0) this.#byNode.delete(pod.nodeName);
  }

  /** Those that a pod has to make room for on the node. */
  over(slot: number, pod: { readonly key: string; readonly priority: number }): PlacedPod[] {
    return this.#on(slot).filter(
      ({ key, facts }) => key !== pod.key && facts.priority >= pod.priority,
    );
  }

  /** Those that lose their claim to the node when a more important pod is nominated for it. */
  under(slot: number, priority: number): PlacedPod[] {
    return this.#on(slot).filter(({ facts }) => facts.priority < priority);
  }

  #on(slot: number): PlacedPod[] {
    const name = this.#cluster.nodes.nameOf(slot);
    return [...(this.#byNode.get(name) ?? [])].map((pod) => Object.assign(pod, { slot }));
  }
}
