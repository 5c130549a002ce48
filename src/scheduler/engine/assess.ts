import type { NodePoints } from './decision.ts';
import { reasonsFor, type Attempt } from './candidate.ts';
import { findFeasible } from './find-feasible.ts';
import type { Random } from './random.ts';
import { Ranking } from './rank-nodes.ts';

/** What the rules say of every single node. */
export interface Assessment {
  readonly feasible: readonly NodePoints[];
  readonly infeasible: ReadonlyMap<string, readonly string[]>;
}

/** Asks and scores all nodes: the whole table behind a decision. Filters must have begun. */
export function assess(attempt: Attempt, random: Random): Assessment {
  const { cluster, plan } = attempt;
  const { nodes } = cluster;
  const order = nodes.order();
  const found = findFeasible(attempt, { order, start: 0, wanted: order.length });
  const infeasible = new Map<string, readonly string[]>();
  for (const slot of order) {
    const failed = (found.failedBy[slot] as number) - 1;
    if (failed >= 0) infeasible.set(nodes.nameOf(slot), reasonsFor(attempt, failed, slot));
  }
  if (found.count === 0) return { feasible: [], infeasible };
  const ranked = new Ranking(found.count).rank(plan.scorers, found, random);
  const feasible = ranked.map(({ slot, total, points }) => ({
    nodeName: nodes.nameOf(slot),
    total,
    points: plan.scorers.map(({ rule, weight }, at) => ({ rule, weight, points: points[at] ?? 0 })),
  }));
  return { feasible, infeasible };
}
