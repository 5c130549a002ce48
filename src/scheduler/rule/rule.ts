import type { PodFacts } from '../pod/pod-facts.ts';
import type { Cluster } from '../state/cluster.ts';
import type { NodeSet } from '../state/node-set.ts';
import type { Standing } from './standing.ts';

/** As Kubernetes names them in messages and configuration. */
export type RuleName =
  | 'NodeUnschedulable'
  | 'NodeName'
  | 'TaintToleration'
  | 'NodeAffinity'
  | 'NodePorts'
  | 'NodeResourcesFit'
  | 'VolumeRestrictions'
  | 'VolumeBinding'
  | 'VolumeZone'
  | 'PodTopologySpread'
  | 'InterPodAffinity'
  | 'NodeResourcesBalancedAllocation'
  | 'ImageLocality';

/** What rules are bound to: one kind of pod, and the cluster as it is at each moment. */
export interface RuleContext {
  readonly facts: PodFacts;
  readonly cluster: Cluster;
  /** Nodes that node selector and required node affinity allow; undefined allows all. */
  readonly allowed: NodeSet | undefined;
  /** Which taints the pod stands. */
  readonly standing: Standing;
}

/** Nodes under test: those that pass move to the front, those that fail are marked. */
export interface Block {
  readonly slots: Int32Array;
  count: number;
  /** By slot: the number of the filter that the node failed. */
  readonly failedBy: Uint8Array;
  /** The number of the filter at work. */
  mark: number;
}

/**
 * A rule that rules nodes out, bound to one kind of pod. It only reads, and always the newest
 * state: a dry run lifts pods off a node and asks again.
 */
export interface NodeFilter {
  readonly rule: RuleName;
  /** Called before each decision: catches up with changes of nodes. Words say: no node will do. */
  begin?(): string | undefined;
  /** The only nodes that can pass, where the rule knows them without asking each. */
  only?(): readonly number[] | undefined;
  pass(block: Block): void;
  /** Why a node did not pass, in the words of the event. */
  reasons(slot: number): readonly string[];
  /** Whether the node could pass if pods left it. */
  resolvable(slot: number): boolean;
  close?(): void;
}

/** A rule that prefers nodes, bound to one kind of pod. */
export interface NodeScorer {
  readonly rule: RuleName;
  readonly weight: number;
  begin?(): void;
  /**
   * Fills in 0 to 100 points for each of the first `count` nodes; or fills in nothing and gives the
   * points that all of them get.
   */
  score(slots: Int32Array, count: number, points: Float64Array): number | undefined;
  close?(): void;
}

/** Undefined where the rule has nothing to say about such pods. */
export type FilterRule = (context: RuleContext) => NodeFilter | undefined;
export type ScoreRule = (context: RuleContext) => NodeScorer | undefined;

export const mostPoints = 100;
