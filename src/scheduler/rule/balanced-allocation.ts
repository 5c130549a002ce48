import { mostPoints } from './rule.ts';
import type { NodeScorer, RuleContext } from './rule.ts';

/** The closer the shares of processor and memory in use are to each other, the better. */
export function balancedAllocation({ facts, cluster }: RuleContext): NodeScorer | undefined {
  const { names, amounts } = facts.requests;
  const cpu = amounts[names.indexOf('cpu')] ?? 0;
  const memory = amounts[names.indexOf('memory')] ?? 0;
  // What asks for neither balances nothing.
  if (cpu === 0 && memory === 0) return undefined;
  const { resources } = cluster;
  return {
    rule: 'NodeResourcesBalancedAllocation',
    weight: 1,
    score: (slots, count, points) => {
      const { cpu: cpus, memory: bytes } = resources;
      for (let at = 0; at < count; at += 1) {
        const slot = slots[at] as number;
        const haveCpu = cpus.allocatable[slot] as number;
        const haveMemory = bytes.allocatable[slot] as number;
        const cpuShare = ((cpus.requested[slot] as number) + cpu) / haveCpu;
        const memoryShare = ((bytes.requested[slot] as number) + memory) / haveMemory;
        // Of one resource alone, or of none, nothing deviates.
        const deviation =
          haveCpu === 0 || haveMemory === 0
            ? 0
            : Math.abs((cpuShare > 1 ? 1 : cpuShare) - (memoryShare > 1 ? 1 : memoryShare)) / 2;
        points[at] = Math.floor((1 - deviation) * mostPoints);
      }
      return undefined;
    },
  };
}
