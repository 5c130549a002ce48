import type { Pod } from '../../api/types/generated/core-v1.ts';
import type { PodFacts } from '../pod/pod-facts.ts';
import type { RuleName } from '../rule/rule.ts';

/** Where a pod waits: for its turn, for time to pass, for an event, or for nothing (any more). */
export type Place = 'active' | 'backoff' | 'unschedulable' | 'none';

/** A pod without a node. */
export interface WaitingPod {
  readonly key: string;
  pod: Pod;
  /** What placing it depends on; undefined before it has been looked at. */
  facts: PodFacts | undefined;
  place: Place;
  /** How often no node was found in a row. */
  attempts: number;
  /** The rules that ruled all nodes out. */
  rules: ReadonlySet<RuleName>;
  /** Since when it waits for its turn; among pods of one priority the first comes first. */
  since: number;
  /** When its back-off ends, or began to wait for an event. */
  due: number;
  /** Breaks ties: pods come in the order in which they were told. */
  readonly serial: number;
  heapIndex: number;
}
