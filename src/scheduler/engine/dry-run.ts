import { compareImportance, type PlacedPod } from '../state/placed-pod.ts';
import type { Budgets } from './budgets.ts';
import { failingFilter, passes, reasonsFor, type Attempt } from './candidate.ts';

/** What it would cost to make room on a node. */
export interface Candidate {
  readonly slot: number;
  /** The most important first. */
  readonly victims: readonly PlacedPod[];
  /** How many of them a disruption budget protects. */
  readonly violations: number;
}

const noVictims = ['No preemption victims found for incoming pod'];

/**
 * Takes all less important pods off the node and puts back, the most important first, those that
 * leave room for the pod. Afterwards the node is as before. Gives the reasons why it is no use.
 */
export function dryRun(
  attempt: Attempt,
  slot: number,
  budgets: Budgets,
): Candidate | readonly string[] {
  const { cluster, plan } = attempt;
  const { priority } = plan.facts;
  const lesser = cluster.podsOn(slot).filter(({ facts }) => facts.priority < priority);
  if (lesser.length === 0) return noVictims;
  for (const pod of lesser) cluster.lift(pod);
  const failing = failingFilter(attempt, slot);
  if (failing >= 0) {
    const reasons = reasonsFor(attempt, failing, slot);
    for (const pod of lesser) cluster.put(pod);
    return reasons;
  }
  const { violating, others } = budgets.divide(lesser.toSorted(compareImportance));
  const violated = reprieve(attempt, slot, violating);
  const victims = [...violated, ...reprieve(attempt, slot, others)].toSorted(compareImportance);
  for (const pod of victims) cluster.put(pod);
  return { slot, victims, violations: violated.length };
}

/** Puts back what there is room for; the rest are victims. */
function reprieve(attempt: Attempt, slot: number, pods: readonly PlacedPod[]): PlacedPod[] {
  return pods.filter((pod) => {
    attempt.cluster.put(pod);
    if (passes(attempt, slot)) return false;
    attempt.cluster.lift(pod);
    return true;
  });
}
