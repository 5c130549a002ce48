import type { SpreadConstraint } from '../pod/spread-constraint.ts';
import type { PodQuery } from '../state/pod-groups.ts';
import { SpreadCounts } from '../state/spread-counts.ts';
import type { RuleContext } from './rule.ts';

/** A constraint with the pods that it counts. */
export interface CountedConstraint {
  readonly constraint: SpreadConstraint;
  readonly query: PodQuery;
  readonly domains: SpreadCounts;
}

/** Counts the pods of each constraint; with `everyKey`, only on nodes that have all labels. */
export function countConstraints(
  { facts, cluster, allowed, standing }: RuleContext,
  constraints: readonly SpreadConstraint[],
  everyKey: boolean,
): readonly CountedConstraint[] {
  const keys = everyKey ? constraints.map(({ topologyKey }) => topologyKey) : [];
  return constraints.map((constraint) => {
    const { topologyKey, selector, honorsAffinity, honorsTaints } = constraint;
    const query = cluster.groups.querySelector(facts.namespace, selector);
    const counts = (slot: number): boolean => {
      const labels = cluster.nodes.labelsOf(slot);
      if (!keys.every((key) => Object.hasOwn(labels, key))) return false;
      if (honorsAffinity && allowed !== undefined && !allowed.has(slot)) return false;
      return !honorsTaints || !standing.blocks(slot);
    };
    const column = cluster.labels.of(topologyKey);
    const source = query.counts;
    return {
      constraint,
      query,
      domains: new SpreadCounts({ source, column, table: cluster.nodes, counts }),
    };
  });
}

/** Which nodes count depends on taints and affinity: these catch up first. */
export function refreshConstraints(
  { allowed, standing }: RuleContext,
  counted: readonly CountedConstraint[],
): void {
  allowed?.refresh();
  standing.refresh();
  for (const { domains } of counted) domains.refresh();
}

export function closeConstraints(
  { cluster }: RuleContext,
  counted: readonly CountedConstraint[],
): void {
  for (const { domains, query } of counted) {
    domains.close();
    cluster.groups.release(query);
  }
}
