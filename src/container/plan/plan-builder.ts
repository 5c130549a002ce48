import type { Operation } from '../../kernel/operation.ts';

/** Collects a plan's operations and deals out its slots. */
export class PlanBuilder {
  readonly #operations: Operation[] = [];
  #slots: number;

  /** The first slots hold the descriptors that are passed with the plan. */
  constructor(slotsTaken = 0) {
    this.#slots = slotsTaken;
  }

  get operations(): readonly Operation[] {
    return this.#operations;
  }

  slot(): number {
    return this.#slots++;
  }

  add(...operations: readonly Operation[]): void {
    this.#operations.push(...operations);
  }
}
