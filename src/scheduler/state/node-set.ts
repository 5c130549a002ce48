import { grownInts } from './grow.ts';
import type { NodeTable } from './node-table.ts';

/** Which nodes fulfil a condition on labels or name: a bit each, kept up as nodes change. */
export class NodeSet {
  readonly #table: NodeTable;
  readonly #matches: (slot: number) => boolean;
  words = new Int32Array(0);
  #generation = 0;

  constructor(table: NodeTable, matches: (slot: number) => boolean) {
    this.#table = table;
    this.#matches = matches;
  }

  has(slot: number): boolean {
    return ((this.words[slot >>> 5] ?? 0) & (1 << (slot & 31))) !== 0;
  }

  /** Asks again only about nodes that have changed. */
  refresh(): void {
    const { generation, extent } = this.#table;
    if (this.#generation === generation) return;
    const changed = this.#generation === 0 ? undefined : this.#table.changesSince(this.#generation);
    this.#generation = generation;
    this.words = grownInts(this.words, extent >>> 5);
    if (changed === undefined) {
      for (let slot = 0; slot < extent; slot += 1) this.#ask(slot);
    } else {
      for (const slot of changed) this.#ask(slot);
    }
  }

  #ask(slot: number): void {
    const bit = 1 << (slot & 31);
    const word = this.words[slot >>> 5] ?? 0;
    const found = this.#table.nodes[slot] !== undefined && this.#matches(slot);
    this.words[slot >>> 5] = found ? word | bit : word & ~bit;
  }
}
