import type { NodeFilter, RuleContext } from './rule.ts';

const reasons = ["node(s) didn't have free ports for the requested pod ports"];

/** Host ports: one pod each, by protocol and address. */
export function nodePorts({ facts, cluster }: RuleContext): NodeFilter | undefined {
  const { ports } = facts;
  if (ports.length === 0) return undefined;
  return {
    rule: 'NodePorts',
    pass: (block) => {
      let kept = 0;
      for (let at = 0; at < block.count; at += 1) {
        const slot = block.slots[at] as number;
        if (cluster.ports.isFree(ports, slot)) block.slots[kept++] = slot;
        else block.failedBy[slot] = block.mark;
      }
      block.count = kept;
    },
    reasons: () => reasons,
    resolvable: () => true,
  };
}
