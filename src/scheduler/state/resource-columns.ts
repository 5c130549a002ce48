import { amountOf, type PodRequests } from '../pod/requests.ts';
import { grownFloats } from './grow.ts';

/** What all nodes have of one resource, and what their pods have asked for. */
export interface ResourceColumn {
  readonly name: string;
  allocatable: Float64Array<ArrayBuffer>;
  requested: Float64Array<ArrayBuffer>;
}

/** Each node's resources. The numbers of `cpu`, `memory` and `pods` are fixed. */
export class ResourceColumns {
  readonly columns: ResourceColumn[] = [];
  readonly #ids = new Map<string, number>();
  readonly cpu: ResourceColumn;
  readonly memory: ResourceColumn;
  /** `requested` counts the pods themselves. */
  readonly pods: ResourceColumn;
  /** As the scores count, where a container that asks for nothing asks for a little. */
  scoredCpu = new Float64Array(0);
  scoredMemory = new Float64Array(0);
  /** Which change was a node's last: what was computed of it before is out of date. */
  stamps = new Float64Array(0);
  #stamp = 0;

  constructor() {
    this.cpu = this.columnOf('cpu');
    this.memory = this.columnOf('memory');
    this.pods = this.columnOf('pods');
  }

  /** Undefined for what no node has and no pod on a node asks for. */
  find(name: string): ResourceColumn | undefined {
    return this.columns[this.#ids.get(name) ?? -1];
  }

  columnOf(name: string): ResourceColumn {
    const known = this.find(name);
    if (known !== undefined) return known;
    const length = this.columns[0]?.allocatable.length ?? 0;
    const column = {
      name,
      allocatable: new Float64Array(length),
      requested: new Float64Array(length),
    };
    this.#ids.set(name, this.columns.push(column) - 1);
    return column;
  }

  /** Whether an amount differs from what the node had. */
  setAllocatable(slot: number, amounts: Readonly<Record<string, string>>): boolean {
    this.#grow(slot);
    for (const name in amounts) this.columnOf(name);
    let changed = false;
    for (const { name, allocatable } of this.columns) {
      const amount = Object.hasOwn(amounts, name) ? amountOf(name, amounts[name] ?? '0') : 0;
      changed ||= allocatable[slot] !== amount;
      allocatable[slot] = amount;
    }
    if (changed) this.stamps[slot] = ++this.#stamp;
    return changed;
  }

  /** Adds what a pod asks for; `sign` -1 takes it away. */
  add(slot: number, requests: PodRequests, sign: 1 | -1): void {
    const { names, amounts, scoredCpu, scoredMemory } = requests;
    for (let at = 0; at < names.length; at += 1) {
      const { requested } = this.columnOf(names[at] ?? '');
      requested[slot] = (requested[slot] ?? 0) + sign * (amounts[at] ?? 0);
    }
    const { requested } = this.pods;
    requested[slot] = (requested[slot] ?? 0) + sign;
    this.scoredCpu[slot] = (this.scoredCpu[slot] ?? 0) + sign * scoredCpu;
    this.scoredMemory[slot] = (this.scoredMemory[slot] ?? 0) + sign * scoredMemory;
    this.stamps[slot] = ++this.#stamp;
  }

  #grow(slot: number): void {
    if (slot < this.stamps.length) return;
    this.stamps = grownFloats(this.stamps, slot);
    this.scoredCpu = grownFloats(this.scoredCpu, slot);
    this.scoredMemory = grownFloats(this.scoredMemory, slot);
    for (const column of this.columns) {
      column.allocatable = grownFloats(column.allocatable, slot);
      column.requested = grownFloats(column.requested, slot);
    }
  }
}
