import { NodeCounts, type CountFollower } from './domain-counts.ts';
import type { LabelColumn } from './label-columns.ts';
import type { NodeTable } from './node-table.ts';

/** Pods in each domain, of the nodes that count for one constraint, and their smallest number. */
export class SpreadCounts implements CountFollower {
  readonly column: LabelColumn;
  readonly source: NodeCounts;
  readonly #table: NodeTable;
  readonly #counts: (slot: number) => boolean;
  /** By the column's numbers. */
  counts = new Int32Array(0);
  /** How many nodes that count a domain has: one without is none. */
  #nodes = new Int32Array(0);
  #eligible = new Uint8Array(0);
  domains = 0;
  #smallest = 0;
  #atSmallest = 0;
  #generation = 0;

  constructor(at: {
    readonly source: NodeCounts;
    readonly column: LabelColumn;
    readonly table: NodeTable;
    /** Whether a node counts; asked again only when nodes change. */
    readonly counts: (slot: number) => boolean;
  }) {
    this.column = at.column;
    this.source = at.source;
    this.#table = at.table;
    this.#counts = at.counts;
    this.source.followers.add(this);
  }

  /** Of the domains that there are; 0 when there is none. */
  get smallest(): number {
    if (this.#atSmallest === 0) this.#findSmallest();
    return this.domains === 0 ? 0 : this.#smallest;
  }

  refresh(): void {
    if (this.#generation === this.#table.generation) return;
    this.#generation = this.#table.generation;
    this.column.refresh();
    const { ids, values } = this.column;
    const { extent } = this.#table;
    this.counts = new Int32Array(values.length);
    this.#nodes = new Int32Array(values.length);
    this.#eligible = new Uint8Array(extent);
    this.domains = 0;
    this.#atSmallest = 0;
    for (let slot = 0; slot < extent; slot += 1) {
      const id = ids[slot] as number;
      if (id === 0 || !this.#counts(slot)) continue;
      this.#eligible[slot] = 1;
      if (this.#nodes[id] === 0) this.domains += 1;
      this.#nodes[id] = (this.#nodes[id] as number) + 1;
      this.counts[id] = (this.counts[id] as number) + (this.source.perNode[slot] ?? 0);
    }
  }

  countChanged(slot: number, by: number): void {
    if (this.#generation !== this.#table.generation || this.#eligible[slot] !== 1) return;
    const id = this.column.ids[slot] as number;
    const old = this.counts[id] as number;
    const now = old + by;
    this.counts[id] = now;
    if (this.#atSmallest === 0) return;
    if (old === this.#smallest) this.#atSmallest -= 1;
    if (now < this.#smallest) {
      this.#smallest = now;
      this.#atSmallest = 1;
    } else if (now === this.#smallest) this.#atSmallest += 1;
  }

  close(): void {
    this.source.followers.delete(this);
  }

  #findSmallest(): void {
    let smallest = Infinity;
    let times = 0;
    for (let id = 1; id < this.counts.length; id += 1) {
      if (this.#nodes[id] === 0) continue;
      const count = this.counts[id] as number;
      if (count < smallest) {
        smallest = count;
        times = 1;
      } else if (count === smallest) times += 1;
    }
    this.#smallest = smallest;
    this.#atSmallest = times;
  }
}
