import { normalizeReversed } from './normalize.ts';
import { mostPoints } from './rule.ts';
import type { Block, NodeFilter, NodeScorer, RuleContext } from './rule.ts';

/** Taints that the pod does not tolerate keep it off the node. */
export function taintToleration({ cluster, standing }: RuleContext): NodeFilter {
  return {
    rule: 'TaintToleration',
    begin: () => {
      standing.refresh();
      return undefined;
    },
    pass: (block) => {
      pass(block, cluster.nodes.taintSet, standing.blocking);
    },
    reasons: (slot) => {
      const { key = '', value = '' } = standing.blockingTaint(slot) ?? {};
      return [`node(s) had untolerated taint {${key}: ${value}}`];
    },
    resolvable: () => false,
  };
}

function pass(block: Block, taintSet: Int32Array, blocking: readonly number[]): void {
  const { slots, failedBy, mark } = block;
  let kept = 0;
  for (let at = 0; at < block.count; at += 1) {
    const slot = slots[at] as number;
    if (blocking[taintSet[slot] as number] === 0) slots[kept++] = slot;
    else failedBy[slot] = mark;
  }
  block.count = kept;
}

/** The fewer taints a node has that would rather not have the pod, the better. */
export function taintPreference({ cluster, standing }: RuleContext): NodeScorer {
  return {
    rule: 'TaintToleration',
    weight: 3,
    score: (slots, count, points) => {
      const { taintSet } = cluster.nodes;
      if (!standing.unwanted.some((taints) => taints > 0)) return mostPoints;
      for (let at = 0; at < count; at += 1) {
        points[at] = standing.unwanted[taintSet[slots[at] as number] as number] ?? 0;
      }
      normalizeReversed(points, count);
      return undefined;
    },
  };
}
