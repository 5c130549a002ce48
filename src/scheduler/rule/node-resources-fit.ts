import type { ResourceColumn } from '../state/resource-columns.ts';
import { mostPoints } from './rule.ts';
import type { Block, NodeFilter, NodeScorer, RuleContext } from './rule.ts';

/** One resource that the pod asks for; without a column where no node has it. */
interface Need {
  readonly name: string;
  readonly amount: number;
  readonly column: ResourceColumn | undefined;
}

/** Room for one more pod, and for what it asks for. */
export function nodeResourcesFit({ facts, cluster }: RuleContext): NodeFilter {
  const { resources } = cluster;
  const { names, amounts } = facts.requests;
  let needs: readonly Need[] = [];
  const lists = new Map<string, readonly string[]>();
  return {
    rule: 'NodeResourcesFit',
    begin: () => {
      lists.clear();
      needs = names
        .map((name, at) => ({ name, amount: amounts[at] ?? 0, column: resources.find(name) }))
        .filter(({ amount }) => amount > 0);
      return undefined;
    },
    pass: (block) => {
      passRoom(block, resources.pods);
      for (const need of needs) passNeed(block, need);
    },
    reasons: (slot) => {
      // Thousands of nodes lack the same: they share a list.
      let missing = hasRoom(resources.pods, slot, 1) ? '' : 'p';
      for (let at = 0; at < needs.length; at += 1) {
        const { column, amount } = needs[at] as Need;
        if (!hasRoom(column, slot, amount)) missing += `,${at}`;
      }
      let words = lists.get(missing);
      if (words === undefined) {
        words = wordsFor(missing, needs);
        lists.set(missing, words);
      }
      return words;
    },
    resolvable: (slot) =>
      needs.every(({ column, amount }) => amount <= (column?.allocatable[slot] ?? 0)),
  };
}

function wordsFor(missing: string, needs: readonly Need[]): readonly string[] {
  const [full = '', ...others] = missing.split(',');
  const insufficient = others.map((at) => `Insufficient ${needs[Number(at)]?.name ?? ''}`);
  return full === '' ? insufficient : ['Too many pods', ...insufficient];
}

function passRoom(block: Block, { allocatable, requested }: ResourceColumn): void {
  const { slots, failedBy, mark } = block;
  let kept = 0;
  for (let at = 0; at < block.count; at += 1) {
    const slot = slots[at] as number;
    if ((requested[slot] as number) + 1 <= (allocatable[slot] as number)) slots[kept++] = slot;
    else failedBy[slot] = mark;
  }
  block.count = kept;
}

function passNeed(block: Block, { column, amount }: Need): void {
  const { slots, failedBy, mark } = block;
  const { allocatable, requested } = column ?? nothing;
  let kept = 0;
  for (let at = 0; at < block.count; at += 1) {
    const slot = slots[at] as number;
    if (amount <= (allocatable[slot] as number) - (requested[slot] as number)) slots[kept++] = slot;
    else failedBy[slot] = mark;
  }
  block.count = kept;
}

/** A resource that no node has: comparing with what is not there fails. */
const nothing = { allocatable: new Float64Array(0), requested: new Float64Array(0) };

function hasRoom(column: ResourceColumn | undefined, slot: number, amount: number): boolean {
  return amount <= (column?.allocatable[slot] ?? 0) - (column?.requested[slot] ?? 0);
}

/** LeastAllocated: the more processor and memory stays free, the better. */
export function leastAllocated({ facts, cluster }: RuleContext): NodeScorer {
  const { scoredCpu, scoredMemory } = facts.requests;
  const { resources } = cluster;
  return {
    rule: 'NodeResourcesFit',
    weight: 1,
    score: (slots, count, points) => {
      const { cpu, memory, scoredCpu: usedCpu, scoredMemory: usedMemory } = resources;
      for (let at = 0; at < count; at += 1) {
        const slot = slots[at] as number;
        const cpus = cpu.allocatable[slot] as number;
        const bytes = memory.allocatable[slot] as number;
        const free = freeShare(cpus, (usedCpu[slot] as number) + scoredCpu);
        const freeBytes = freeShare(bytes, (usedMemory[slot] as number) + scoredMemory);
        const kinds = (cpus === 0 ? 0 : 1) + (bytes === 0 ? 0 : 1);
        points[at] = kinds === 2 ? (free + freeBytes) >> 1 : free + freeBytes;
      }
      return undefined;
    },
  };
}

function freeShare(capacity: number, used: number): number {
  return capacity === 0 || used > capacity
    ? 0
    : Math.floor(((capacity - used) * mostPoints) / capacity);
}
