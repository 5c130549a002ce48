import type { Node, Pod } from '../../api/types/generated/core-v1.ts';
import { factsOf, signatureOf, type PodFacts } from '../pod/pod-facts.ts';
import { LabelColumns } from './label-columns.ts';
import { NodeImages } from './node-images.ts';
import { NodeTable, type NodeChange } from './node-table.ts';
import type { PlacedPod } from './placed-pod.ts';
import { PlacedTerms } from './placed-terms.ts';
import { PodGroups } from './pod-groups.ts';
import { ResourceColumns } from './resource-columns.ts';
import { UsedPorts } from './used-ports.ts';
import { Volumes } from './volumes.ts';
import { Workloads } from './workloads.ts';

const factsKept = 4096;

/** The state that pods are placed by: nodes as columns, and counts of what lies on them. */
export class Cluster {
  readonly nodes = new NodeTable();
  readonly resources = new ResourceColumns();
  readonly labels = new LabelColumns(this.nodes);
  readonly groups = new PodGroups();
  /** Required anti-affinity of placed pods, counted in pods. */
  readonly repelling = new PlacedTerms(this.nodes, this.labels);
  /** All else that placed pods would like near or far, by weight. */
  readonly attracting = new PlacedTerms(this.nodes, this.labels);
  readonly ports = new UsedPorts();
  readonly images = new NodeImages();
  readonly volumes = new Volumes();
  readonly workloads = new Workloads();
  readonly #pods = new Map<string, PlacedPod>();
  readonly #podsOn: PlacedPod[][] = [];
  /** Pods whose node is not known (yet, or any more). */
  readonly #homeless = new Map<string, Set<PlacedPod>>();
  readonly #facts = new Map<string, PodFacts>();

  setNode(node: Node): NodeChange & { readonly allocatable: boolean } {
    const change = this.nodes.set(node);
    const { slot } = change;
    const allocatable = this.resources.setAllocatable(slot, node.status?.allocatable ?? {});
    this.images.set(slot, node);
    if (change.added) {
      this.#podsOn[slot] = [];
      const name = node.metadata.name ?? '';
      for (const placed of this.#homeless.get(name) ?? []) {
        placed.slot = slot;
        this.put(placed);
      }
      this.#homeless.delete(name);
    }
    return { ...change, allocatable };
  }

  /** The node's pods stay known: they occupy it again if it comes back. */
  deleteNode(name: string): void {
    const slot = this.nodes.slotOf(name);
    if (slot < 0) return;
    for (const placed of this.podsOn(slot).slice()) {
      this.lift(placed);
      placed.slot = -1;
      this.#addHomeless(placed);
    }
    this.resources.setAllocatable(slot, {});
    this.images.set(slot, undefined);
    this.nodes.delete(name);
  }

  /** What placing the pod depends on. Throws DomainError `invalid`. */
  factsOf(pod: Pod, signature = signatureOf(pod)): PodFacts {
    const known = this.#facts.get(signature);
    if (known !== undefined) return known;
    const facts = factsOf(pod);
    if (this.#facts.size >= factsKept) this.#facts.clear();
    this.#facts.set(signature, facts);
    return facts;
  }

  /** The pod occupies the node from now on, in place of what it occupied before. */
  placePod(pod: Pod, nodeName: string, facts = this.factsOf(pod)): PlacedPod {
    const placed = this.draftPod(pod, nodeName, facts);
    this.removePod(placed.key);
    this.#pods.set(placed.key, placed);
    if (placed.slot >= 0) this.put(placed);
    else this.#addHomeless(placed);
    return placed;
  }

  /** A pod as it would lie on the node; {@link Cluster.put} makes it so, for a moment. */
  draftPod(pod: Pod, nodeName: string, facts = this.factsOf(pod)): PlacedPod {
    const { metadata, status } = pod;
    const terminating = metadata.deletionTimestamp !== undefined;
    return {
      key: `${facts.namespace}/${metadata.name ?? ''}`,
      pod,
      facts,
      nodeName,
      terminating,
      startMs: status?.startTime === undefined ? Infinity : Date.parse(status.startTime),
      group: this.groups.groupOf(facts.namespace, facts.labels, terminating),
      slot: this.nodes.slotOf(nodeName),
    };
  }

  /** What was known of the pod, or undefined. */
  removePod(key: string): PlacedPod | undefined {
    const placed = this.#pods.get(key);
    if (placed === undefined) return undefined;
    this.#pods.delete(key);
    if (placed.slot >= 0) this.lift(placed);
    else this.#removeHomeless(placed);
    return placed;
  }

  podOf(key: string): PlacedPod | undefined {
    return this.#pods.get(key);
  }

  podsOn(slot: number): readonly PlacedPod[] {
    return this.#podsOn[slot] ?? [];
  }

  get podCount(): number {
    return this.#pods.size;
  }

  pods(): Iterable<PlacedPod> {
    return this.#pods.values();
  }

  /** Takes a pod off its node; {@link Cluster.put} undoes it. For what would be without it. */
  lift(placed: PlacedPod): void {
    const pods = this.#podsOn[placed.slot] ?? [];
    const at = pods.indexOf(placed);
    if (at < 0) return;
    pods.splice(at, 1);
    this.#count(placed, -1);
  }

  /** Puts a pod on its slot: for what would be with it, or after {@link Cluster.lift}. */
  put(placed: PlacedPod): void {
    this.#podsOn[placed.slot]?.push(placed);
    this.#count(placed, 1);
  }

  /** Drops what no pod needs any more; between two decisions. */
  sweep(): void {
    this.groups.sweep();
    this.repelling.sweep();
    this.attracting.sweep();
  }

  #count({ facts, group, slot }: PlacedPod, by: 1 | -1): void {
    this.resources.add(slot, facts.requests, by);
    this.groups.add(group, slot, by);
    if (facts.ports.length > 0) this.ports.add(facts.ports, slot, by);
    for (const claim of facts.claims) this.volumes.use(`${facts.namespace}/${claim}`, slot, by);
    for (const term of facts.antiAffinity) this.repelling.add(term, { slot, by, pods: by });
    for (const term of facts.affinity) this.attracting.add(term, { slot, by, pods: by });
    for (const term of facts.preferredPods) {
      this.attracting.add(term, { slot, by: by * term.weight, pods: by });
    }
  }

  #addHomeless(placed: PlacedPod): void {
    const pods = this.#homeless.get(placed.nodeName) ?? new Set();
    this.#homeless.set(placed.nodeName, pods.add(placed));
  }

  #removeHomeless(placed: PlacedPod): void {
    const pods = this.#homeless.get(placed.nodeName);
    pods?.delete(placed);
    if (pods?.size === 0) this.#homeless.delete(placed.nodeName);
  }
}
