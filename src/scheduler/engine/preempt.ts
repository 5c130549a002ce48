import type { Pod } from '../../api/types/generated/core-v1.ts';
import type { PlacedPod } from '../state/placed-pod.ts';
import type { Budgets } from './budgets.ts';
import type { Attempt } from './candidate.ts';
import { dryRun, type Candidate } from './dry-run.ts';
import { fitMessage, ReasonCounts } from './fit-message.ts';
import { pickCandidate } from './pick-candidate.ts';
import type { Random } from './random.ts';

const smallestShare = 0.1;
const fewestCandidates = 100;
const notHelpful = ['Preemption is not helpful for scheduling'];

/** Room to be made for a pod. */
export interface Preemption {
  readonly nodeName: string;
  readonly victims: readonly PlacedPod[];
  /** Pods that the node was kept for, and that are less important. */
  readonly displaced: readonly PlacedPod[];
}

export interface PreemptionQuestion {
  readonly pod: Pod;
  readonly attempt: Attempt;
  /** The nodes in the order in which they were asked. */
  readonly order: Int32Array;
  /** By slot: whether the node could take the pod if others left. */
  readonly resolvable: (slot: number) => boolean;
  readonly budgets: Budgets;
  readonly random: Random;
}

/** The least harmful way to make room for a pod, or why there is none. */
export function preempt(question: PreemptionQuestion): Preemption | string {
  const { attempt, order, resolvable } = question;
  const refusal = refusalOf(question);
  if (refusal !== undefined) return `preemption: ${refusal}`;
  const potential = order.filter((slot) => resolvable(slot));
  const counts = new ReasonCounts();
  const { nodes } = attempt.cluster;
  counts.count(notHelpful, nodes.count - potential.length);
  const best = pickCandidate(findCandidates(question, potential, counts));
  if (best === undefined) return `preemption: ${fitMessage(nodes.count, counts.byReason)}`;
  return {
    nodeName: nodes.nameOf(best.slot),
    victims: best.victims,
    displaced: attempt.nominations.under(best.slot, attempt.plan.facts.priority),
  };
}

/** Pods that may not evict others, and those whose victims are leaving already. */
function refusalOf({ pod, attempt, resolvable }: PreemptionQuestion): string | undefined {
  if (pod.spec.preemptionPolicy === 'Never') {
    return 'not eligible due to preemptionPolicy=Never.';
  }
  const { cluster, plan } = attempt;
  const slot = cluster.nodes.slotOf(pod.status?.nominatedNodeName ?? '');
  if (slot < 0 || !resolvable(slot)) return undefined;
  const leaving = cluster
    .podsOn(slot)
    .some(({ terminating, facts }) => terminating && facts.priority < plan.facts.priority);
  return leaving ? 'not eligible due to a terminating pod on the nominated node.' : undefined;
}

/** Enough of them, from a random node on: not all are tried, or large clusters would wait long. */
function findCandidates(
  { attempt, budgets, random }: PreemptionQuestion,
  potential: Int32Array,
  reasons: ReasonCounts,
): readonly Candidate[] {
  const enough = Math.max(Math.floor(potential.length * smallestShare), fewestCandidates);
  const offset = random.below(potential.length);
  const candidates: Candidate[] = [];
  let harmless = false;
  for (let at = 0; at < potential.length; at += 1) {
    if (harmless && candidates.length >= enough) break;
    const slot = potential[(offset + at) % potential.length] as number;
    const outcome = dryRun(attempt, slot, budgets);
    if ('victims' in outcome) {
      candidates.push(outcome);
      harmless ||= outcome.violations === 0;
    } else reasons.count(outcome);
  }
  return candidates;
}
