import type { Taint, Toleration } from '../../api/types/generated/core-v1.ts';
import { isHard, tolerates } from '../pod/toleration.ts';
import type { NodeTable } from '../state/node-table.ts';
import type { TaintSets } from '../state/taint-sets.ts';

/** How a pod stands with each list of taints that nodes have; each is looked at once. */
export class Standing {
  readonly #tolerations: readonly Toleration[];
  readonly #preferring: readonly Toleration[];
  readonly #table: NodeTable;
  #sets: TaintSets | undefined;
  /** By the number of the list: one more than the index of the taint that keeps the pod off. */
  blocking: number[] = [];
  /** By the number of the list: taints that would rather not have the pod. */
  unwanted: number[] = [];

  constructor(tolerations: readonly Toleration[], table: NodeTable) {
    this.#tolerations = tolerations;
    this.#preferring = tolerations.filter(({ effect = '' }) =>
      ['', 'PreferNoSchedule'].includes(effect),
    );
    this.#table = table;
  }

  /** Looks at lists that are new. */
  refresh(): void {
    const { taints } = this.#table;
    if (this.#sets !== taints) {
      this.#sets = taints;
      this.blocking = [];
      this.unwanted = [];
    }
    for (let id = this.blocking.length; id < taints.lists.length; id += 1) {
      const list = taints.lists[id] ?? [];
      this.blocking.push(1 + list.findIndex((taint) => this.#isBlocking(taint)));
      this.unwanted.push(list.filter((taint) => this.#isUnwanted(taint)).length);
    }
  }

  blocks(slot: number): boolean {
    return this.blocking[this.#table.taintSet[slot] ?? 0] !== 0;
  }

  blockingTaint(slot: number): Taint | undefined {
    const id = this.#table.taintSet[slot] ?? 0;
    return this.#table.taints.lists[id]?.[(this.blocking[id] ?? 0) - 1];
  }

  #isBlocking(taint: Taint): boolean {
    return isHard(taint) && !tolerates(this.#tolerations, taint);
  }

  #isUnwanted(taint: Taint): boolean {
    return taint.effect === 'PreferNoSchedule' && !tolerates(this.#preferring, taint);
  }
}
