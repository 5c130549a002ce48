import type { Pod } from '../../api/types/generated/core-v1.ts';
import type { PodFacts } from '../pod/pod-facts.ts';
import type { PodGroup } from './pod-groups.ts';

/** A pod that occupies a node, or that is about to. */
export interface PlacedPod {
  readonly key: string;
  readonly pod: Pod;
  readonly facts: PodFacts;
  readonly nodeName: string;
  readonly terminating: boolean;
  /** When it started, in milliseconds; a pod that has not started counts as the newest. */
  readonly startMs: number;
  readonly group: PodGroup;
  /** -1 while there is no such node. */
  slot: number;
}

/** More important pods are evicted later: by priority, then the older one, then by name. */
export function compareImportance(left: PlacedPod, right: PlacedPod): number {
  const byPriority = right.facts.priority - left.facts.priority;
  if (byPriority !== 0) return byPriority;
  if (left.startMs !== right.startMs) return left.startMs < right.startMs ? -1 : 1;
  return left.key < right.key ? -1 : 1;
}
