import { grownInts } from './grow.ts';
import type { NodeTable } from './node-table.ts';

/** Pods may name any topology: so many columns are kept, then all are made anew on demand. */
const columnsKept = 512;

/** Which value of one label each node has, as a number; 0 is none. */
export class LabelColumn {
  readonly key: string;
  readonly #table: NodeTable;
  ids = new Int32Array(0);
  /** The values by number. */
  values: string[] = [''];
  #generation = 0;

  constructor(key: string, table: NodeTable) {
    this.key = key;
    this.#table = table;
  }

  /** Numbers are dense, and only good until nodes change: all are given anew then. */
  refresh(): void {
    const { generation, extent, nodes } = this.#table;
    if (this.#generation === generation) return;
    this.#generation = generation;
    this.ids = grownInts(this.ids, extent);
    this.values = [''];
    const numbers = new Map<string, number>();
    for (let slot = 0; slot < extent; slot += 1) {
      const labels = nodes[slot]?.metadata.labels ?? {};
      // A label may be called `constructor`, which every object has.
      const value = Object.hasOwn(labels, this.key) ? labels[this.key] : undefined;
      this.ids[slot] = value === undefined ? 0 : this.#numberOf(value, numbers);
    }
  }

  #numberOf(value: string, numbers: Map<string, number>): number {
    const known = numbers.get(value);
    if (known !== undefined) return known;
    const number = this.values.push(value) - 1;
    numbers.set(value, number);
    return number;
  }
}

export class LabelColumns {
  readonly #table: NodeTable;
  readonly #columns = new Map<string, LabelColumn>();

  constructor(table: NodeTable) {
    this.#table = table;
  }

  of(key: string): LabelColumn {
    const known = this.#columns.get(key);
    if (known !== undefined) return known;
    if (this.#columns.size >= columnsKept) this.#columns.clear();
    const column = new LabelColumn(key, this.#table);
    this.#columns.set(key, column);
    return column;
  }
}
