import type { Block } from '../rule/rule.ts';
import { failingFilter, type Attempt } from './candidate.ts';

const fewestNodes = 100;
const smallestBlock = 256;

/** Where a search begins, and how many nodes are enough. */
export interface Search {
  readonly order: Int32Array;
  readonly start: number;
  readonly wanted: number;
}

/** Feasible nodes first in `slots`, and what became of the others. */
export interface Found {
  readonly slots: Int32Array;
  count: number;
  /** Nodes looked at. */
  evaluated: number;
  /** By slot: one more than the number of the filter that the node failed; 0 if not looked at. */
  failedBy: Uint8Array;
  /** By the number of the filter: how many nodes failed it. */
  readonly failures: number[];
}

/** As many nodes as are looked at for feasible ones: all of few, a share of many. */
export function nodesToFind(nodes: number, percentage: number): number {
  if (nodes < fewestNodes || percentage >= 100) return nodes;
  const share = percentage > 0 ? percentage : Math.max(5, 50 - Math.trunc(nodes / 125));
  return Math.max(fewestNodes, Math.trunc((nodes * share) / 100));
}

/** Asks nodes in turn, many at a time, until enough are feasible. */
export function findFeasible(attempt: Attempt, { order, start, wanted }: Search): Found {
  const { plan, cluster } = attempt;
  const found: Found = {
    slots: new Int32Array(order.length),
    count: 0,
    evaluated: 0,
    failedBy: new Uint8Array(cluster.nodes.extent),
    failures: plan.filters.map(() => 0),
  };
  while (found.evaluated < order.length && found.count < wanted) {
    const missing = wanted - found.count;
    const size = Math.min(Math.max(smallestBlock, missing), order.length - found.evaluated);
    const first = (start + found.evaluated) % order.length;
    const block = takeBlock({ order, first, size }, found.failedBy);
    filterBlock(attempt, block, found);
    if (block.count > missing) cutBlock(block, missing);
    found.evaluated +=
      block.count === missing ? distanceTo(block.slots[missing - 1], { order, first, size }) : size;
    found.slots.set(block.slots.subarray(0, block.count), found.count);
    found.count += block.count;
  }
  return found;
}

interface Stretch {
  readonly order: Int32Array;
  readonly first: number;
  readonly size: number;
}

function takeBlock({ order, first, size }: Stretch, failedBy: Uint8Array): Block {
  const slots = new Int32Array(size);
  const head = Math.min(size, order.length - first);
  slots.set(order.subarray(first, first + head));
  slots.set(order.subarray(0, size - head), head);
  return { slots, count: size, failedBy, mark: 0 };
}

function filterBlock(attempt: Attempt, block: Block, { failures }: Found): void {
  const { filters } = attempt.plan;
  for (let at = 0; at < filters.length && block.count > 0; at += 1) {
    const before = block.count;
    block.mark = at + 1;
    filters[at]?.pass(block);
    failures[at] = (failures[at] ?? 0) + before - block.count;
  }
  if (attempt.nominations.size > 0) filterKept(attempt, block, failures);
}

/** Nodes that are kept for others pass only with these on them. */
function filterKept(attempt: Attempt, block: Block, failures: number[]): void {
  let kept = 0;
  for (let at = 0; at < block.count; at += 1) {
    const slot = block.slots[at] as number;
    const failing = failingFilter(attempt, slot);
    if (failing < 0) block.slots[kept++] = slot;
    else {
      block.failedBy[slot] = failing + 1;
      failures[failing] = (failures[failing] ?? 0) + 1;
    }
  }
  block.count = kept;
}

function cutBlock(block: Block, count: number): void {
  block.count = count;
}

/** How many nodes were looked at when the last one that was wanted was found. */
function distanceTo(slot: number | undefined, { order, first, size }: Stretch): number {
  for (let at = 0; at < size; at += 1) {
    if (order[(first + at) % order.length] === slot) return at + 1;
  }
  return size;
}
