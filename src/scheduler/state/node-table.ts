import type { Labels } from '../../api/selector/label-selector.ts';
import type { Node } from '../../api/types/generated/core-v1.ts';
import { grownBytes, grownInts } from './grow.ts';
import { interleaveZones } from './interleave-zones.ts';
import { TaintSets } from './taint-sets.ts';

/** Changes that followers may catch up with one by one; who is further behind looks at all. */
const journalLength = 4096;
/** After so many lists of taints that no node has any more, numbers are given anew. */
const spareTaintSets = 1024;

/** What of a node has changed. */
export interface NodeChange {
  readonly slot: number;
  readonly added: boolean;
  readonly labels: boolean;
  readonly taints: boolean;
  readonly unschedulable: boolean;
}

/** The nodes, each in a slot that it keeps while it lives. Columns are indexed by slot. */
export class NodeTable {
  readonly nodes: (Node | undefined)[] = [];
  readonly #slots = new Map<string, number>();
  readonly #free: number[] = [];
  taints = new TaintSets();
  taintSet = new Int32Array(0);
  unschedulable = new Uint8Array(0);
  /** Counts changes of labels, taints, and of which nodes there are. */
  generation = 1;
  /** The slots whose change made a generation; the newest is last. */
  #journal: number[] = [];
  #order = new Int32Array(0);
  #orderIsStale = true;

  get count(): number {
    return this.#slots.size;
  }

  /** One more than the highest slot in use. */
  get extent(): number {
    return this.nodes.length;
  }

  slotOf(name: string): number {
    return this.#slots.get(name) ?? -1;
  }

  nameOf(slot: number): string {
    return this.nodes[slot]?.metadata.name ?? '';
  }

  labelsOf(slot: number): Labels {
    return this.nodes[slot]?.metadata.labels ?? {};
  }

  set(node: Node): NodeChange {
    const name = node.metadata.name ?? '';
    const known = this.#slots.get(name);
    const slot = known ?? this.#take(name);
    const old = this.nodes[slot];
    this.nodes[slot] = node;
    const labels = !sameRecord(old?.metadata.labels ?? {}, node.metadata.labels ?? {});
    const taintSet = this.taints.idOf(node.spec?.taints ?? []);
    const taints = this.taintSet[slot] !== taintSet;
    this.taintSet[slot] = taintSet;
    const closed = node.spec?.unschedulable === true ? 1 : 0;
    const unschedulable = this.unschedulable[slot] !== closed;
    this.unschedulable[slot] = closed;
    const added = known === undefined;
    if (added || labels || taints) this.#note(slot);
    if (added || labels) this.#orderIsStale = true;
    return { slot, added, labels, taints, unschedulable };
  }

  /** The slot that the node had, or -1. */
  delete(name: string): number {
    const slot = this.slotOf(name);
    if (slot < 0) return -1;
    this.#slots.delete(name);
    this.nodes[slot] = undefined;
    this.taintSet[slot] = 0;
    this.unschedulable[slot] = 0;
    this.#free.push(slot);
    this.#orderIsStale = true;
    this.#note(slot);
    return slot;
  }

  /** All nodes in the order in which they are asked: zone after zone in turn. */
  order(): Int32Array {
    if (this.#orderIsStale) {
      this.#order = interleaveZones([...this.#slots.values()], (slot) => this.labelsOf(slot));
      this.#orderIsStale = false;
      this.#renumberTaints();
    }
    return this.#order;
  }

  /** The slots that have changed since a generation, or undefined when that is too long ago. */
  changesSince(generation: number): readonly number[] | undefined {
    const behind = this.generation - generation;
    return behind > this.#journal.length ? undefined : this.#journal.slice(-behind || Infinity);
  }

  #take(name: string): number {
    const slot = this.#free.pop() ?? this.nodes.push(undefined) - 1;
    this.#slots.set(name, slot);
    this.taintSet = grownInts(this.taintSet, slot);
    this.unschedulable = grownBytes(this.unschedulable, slot);
    return slot;
  }

  #note(slot: number): void {
    this.generation += 1;
    this.#journal.push(slot);
    if (this.#journal.length > 2 * journalLength)
      this.#journal = this.#journal.slice(-journalLength);
  }

  #renumberTaints(): void {
    if (this.taints.lists.length <= 2 * this.count + spareTaintSets) return;
    this.taints = new TaintSets();
    for (const slot of this.#slots.values()) {
      this.taintSet[slot] = this.taints.idOf(this.nodes[slot]?.spec?.taints ?? []);
    }
  }
}

function sameRecord(left: Labels, right: Labels): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}
