import { tolerates } from '../pod/toleration.ts';
import type { Block, NodeFilter, RuleContext } from './rule.ts';

const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const reasons = ['node(s) were unschedulable'];

/** Cordoned nodes take only pods that tolerate the taint which says the same. */
export function nodeUnschedulable({ facts, cluster }: RuleContext): NodeFilter | undefined {
  if (tolerates(facts.tolerations, taint)) return undefined;
  return {
    rule: 'NodeUnschedulable',
    pass: (block) => {
      pass(block, cluster.nodes.unschedulable);
    },
    reasons: () => reasons,
    resolvable: () => false,
  };
}

function pass(block: Block, closed: Uint8Array): void {
  const { slots, failedBy, mark } = block;
  let kept = 0;
  for (let at = 0; at < block.count; at += 1) {
    const slot = slots[at] as number;
    if (closed[slot] === 0) slots[kept++] = slot;
    else failedBy[slot] = mark;
  }
  block.count = kept;
}
