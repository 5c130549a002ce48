import { defaultConstraints } from '../pod/spread-constraint.ts';
import { mostPoints } from './rule.ts';
import type { NodeScorer, RuleContext } from './rule.ts';
import {
  closeConstraints,
  countConstraints,
  refreshConstraints,
  type CountedConstraint,
} from './spread-state.ts';

const hostname = 'kubernetes.io/hostname';

/**
 * Soft constraints: the fewer pods in a node's domains, the better. Pods of services and replica
 * sets that name no constraints get those of the cluster.
 */
export function spreadPreference(context: RuleContext): NodeScorer | undefined {
  const { facts, cluster } = context;
  const explicit = facts.constraints.length > 0;
  const selector = explicit ? [] : cluster.workloads.selectorOf(facts);
  const soft = explicit
    ? facts.constraints.filter((constraint) => !constraint.hard)
    : defaultConstraints(selector);
  if (soft.length === 0 || (!explicit && selector.length === 0)) return undefined;
  const counted = countConstraints(context, soft, explicit);
  return {
    rule: 'PodTopologySpread',
    weight: 2,
    begin: () => {
      refreshConstraints(context, counted);
    },
    score: (slots, count, points) => {
      const nodes = { slots, count, points };
      const ignored = explicit ? findIgnored(nodes, counted) : new Uint8Array(count);
      points.fill(0, 0, count);
      for (const one of counted) addCounts(nodes, one, ignored);
      for (let at = 0; at < count; at += 1) points[at] = Math.round(points[at] as number);
      fewestFirst(nodes, ignored);
      return undefined;
    },
    close: () => {
      closeConstraints(context, counted);
    },
  };
}

interface ScoredNodes {
  readonly slots: Int32Array;
  readonly count: number;
  readonly points: Float64Array;
}

/** Nodes that lack one of the labels get no points. */
function findIgnored(
  { slots, count }: ScoredNodes,
  counted: readonly CountedConstraint[],
): Uint8Array {
  const ignored = new Uint8Array(count);
  for (const { domains } of counted) {
    const { ids } = domains.column;
    for (let at = 0; at < count; at += 1) if (ids[slots[at] as number] === 0) ignored[at] = 1;
  }
  return ignored;
}

function addCounts(nodes: ScoredNodes, one: CountedConstraint, ignored: Uint8Array): void {
  const { slots, count, points } = nodes;
  const { constraint, domains, query } = one;
  const { ids, values } = domains.column;
  const ofNode = constraint.topologyKey === hostname;
  const seen = new Uint8Array(values.length);
  let size = 0;
  for (let at = 0; at < count; at += 1) {
    if (ignored[at] === 1) continue;
    const id = ids[slots[at] as number] as number;
    if (ofNode || seen[id] === 0) size += 1;
    seen[id] = 1;
  }
  // Among few domains a pod more or less says more than among many.
  const weight = Math.log(size + 2);
  const base = constraint.maxSkew - 1;
  const counts = ofNode ? query.counts.perNode : domains.counts;
  for (let at = 0; at < count; at += 1) {
    const slot = slots[at] as number;
    const id = ids[slot] as number;
    if (id === 0 || ignored[at] === 1) continue;
    points[at] = (points[at] as number) + ((counts[ofNode ? slot : id] ?? 0) * weight + base);
  }
}

function fewestFirst({ count, points }: ScoredNodes, ignored: Uint8Array): void {
  let least = Infinity;
  let most = 0;
  for (let at = 0; at < count; at += 1) {
    if (ignored[at] === 1) continue;
    const value = points[at] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  for (let at = 0; at < count; at += 1) {
    if (ignored[at] === 1) points[at] = 0;
    else if (most === 0) points[at] = mostPoints;
    else points[at] = Math.floor((mostPoints * (most + least - (points[at] as number))) / most);
  }
}
