import type { NodeFilter, RuleContext } from './rule.ts';

const reasons = ["node(s) didn't match the requested node name"];

/** `spec.nodeName`: such pods are bound already; this answers where they could have gone. */
export function nodeName({ facts, cluster }: RuleContext): NodeFilter | undefined {
  if (facts.nodeName === '') return undefined;
  return {
    rule: 'NodeName',
    pass: (block) => {
      const wanted = cluster.nodes.slotOf(facts.nodeName);
      let kept = 0;
      for (let at = 0; at < block.count; at += 1) {
        const slot = block.slots[at] as number;
        if (slot === wanted) block.slots[kept++] = slot;
        else block.failedBy[slot] = block.mark;
      }
      block.count = kept;
    },
    reasons: () => reasons,
    resolvable: () => false,
  };
}
