import type { Candidate } from './dry-run.ts';

/** So that one more victim always counts, whatever its priority, which may be below zero. */
const priorityOffset = 2 ** 31;

/** In this order: each is asked only of those that are equal by the ones before. Less is better. */
const criteria: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => violations,
  highestPriority,
  ({ victims }) => victims.reduce((sum, { facts }) => sum + facts.priority + priorityOffset, 0),
  ({ victims }) => victims.length,
  (candidate) => -earliestStart(candidate),
];

/** The candidate whose eviction does the least harm; the first of equal ones. */
export function pickCandidate(candidates: readonly Candidate[]): Candidate | undefined {
  let best = candidates;
  for (const criterion of criteria) {
    if (best.length <= 1) break;
    const harms = best.map(criterion);
    const least = harms.reduce((left, right) => (right < left ? right : left), Infinity);
    // -Infinity and Infinity compare as any number does.
    best = best.filter((_, at) => harms[at] === least);
  }
  return best[0];
}

function highestPriority({ victims }: Candidate): number {
  return victims[0]?.facts.priority ?? -Infinity;
}

/** When the first of the most important victims started. */
function earliestStart(candidate: Candidate): number {
  const priority = highestPriority(candidate);
  return candidate.victims.reduce(
    (earliest, { facts, startMs }) =>
      facts.priority === priority && startMs < earliest ? startMs : earliest,
    Infinity,
  );
}
