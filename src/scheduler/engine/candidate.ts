import { grownBytes } from '../state/grow.ts';
import type { Cluster } from '../state/cluster.ts';
import type { Nominations } from './nominations.ts';
import type { Plan } from './plans.ts';

/** A pod that is being placed, and what it is placed by. */
export interface Attempt {
  readonly key: string;
  readonly plan: Plan;
  readonly cluster: Cluster;
  readonly nominations: Nominations;
  /** By slot: why a node failed with the pods on it that it is kept for, which it then lost. */
  readonly keptReasons: Map<number, readonly string[]>;
}

const single = { slots: new Int32Array(1), count: 0, failedBy: new Uint8Array(0), mark: 0 };

/** Whether the node passes every filter, both with and without the pods it is kept for. */
export function passes(attempt: Attempt, slot: number): boolean {
  return failingFilter(attempt, slot) < 0;
}

/** The number of the filter that the node fails, or -1. */
export function failingFilter(attempt: Attempt, slot: number): number {
  const { nominations, plan, key } = attempt;
  const alone = firstFailing(plan, slot);
  attempt.keptReasons.delete(slot);
  if (alone >= 0 || nominations.size === 0) return alone;
  const { priority } = plan.facts;
  const guests = nominations.over(slot, { key, priority });
  return guests.length === 0 ? -1 : failingWith(attempt, slot, guests);
}

function firstFailing({ filters }: Plan, slot: number): number {
  single.failedBy = grownBytes(single.failedBy, slot);
  for (let at = 0; at < filters.length; at += 1) {
    single.slots[0] = slot;
    single.count = 1;
    filters[at]?.pass(single);
    if (single.count === 0) return at;
  }
  return -1;
}

/** Why the node failed the filter, when it was last asked. */
export function reasonsFor(
  { keptReasons, plan }: Attempt,
  filter: number,
  slot: number,
): readonly string[] {
  return keptReasons.get(slot) ?? plan.filters[filter]?.reasons(slot) ?? [];
}

function failingWith(
  { cluster, plan, keptReasons }: Attempt,
  slot: number,
  guests: readonly Parameters<Cluster['put']>[0][],
): number {
  for (const guest of guests) cluster.put(guest);
  // Guests may bring terms that nobody had.
  for (const filter of plan.filters) filter.begin?.();
  const failing = firstFailing(plan, slot);
  if (failing >= 0) keptReasons.set(slot, plan.filters[failing]?.reasons(slot) ?? []);
  for (const guest of guests) cluster.lift(guest);
  return failing;
}
