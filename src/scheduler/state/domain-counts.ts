import { grownInts } from './grow.ts';
import type { LabelColumn } from './label-columns.ts';
import type { NodeTable } from './node-table.ts';

/** Follows changes of how many there are on a node. */
export interface CountFollower {
  countChanged(slot: number, by: number): void;
}

/** How many of something (pods, or the weights of their terms) lie on each node. */
export class NodeCounts {
  perNode = new Int32Array(0);
  total = 0;
  readonly followers = new Set<CountFollower>();

  add(slot: number, by: number): void {
    this.perNode = grownInts(this.perNode, slot);
    this.perNode[slot] = (this.perNode[slot] ?? 0) + by;
    this.total += by;
    for (const follower of this.followers) follower.countChanged(slot, by);
  }
}

/** The same for each domain of a topology: kept up as pods come, summed anew when nodes change. */
export class DomainCounts implements CountFollower {
  readonly column: LabelColumn;
  readonly #source: NodeCounts;
  readonly #table: NodeTable;
  /** By the column's numbers. What lies on nodes without the label counts as domain 0. */
  counts = new Int32Array(0);
  #generation = 0;

  constructor(source: NodeCounts, column: LabelColumn, table: NodeTable) {
    this.#source = source;
    this.column = column;
    this.#table = table;
    source.followers.add(this);
  }

  /** What lies in domains: all but that on nodes without the label. */
  get total(): number {
    return this.#source.total - (this.counts[0] ?? 0);
  }

  refresh(): void {
    if (this.#generation === this.#table.generation) return;
    this.#generation = this.#table.generation;
    this.column.refresh();
    this.counts = new Int32Array(this.column.values.length);
    const { ids } = this.column;
    const { perNode } = this.#source;
    const extent = Math.min(perNode.length, this.#table.extent);
    for (let slot = 0; slot < extent; slot += 1) {
      const id = ids[slot] as number;
      this.counts[id] = (this.counts[id] as number) + (perNode[slot] as number);
    }
  }

  countChanged(slot: number, by: number): void {
    if (this.#generation !== this.#table.generation) return;
    const id = this.column.ids[slot] ?? 0;
    this.counts[id] = (this.counts[id] ?? 0) + by;
  }

  close(): void {
    this.#source.followers.delete(this);
  }
}
