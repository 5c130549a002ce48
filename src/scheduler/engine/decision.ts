import type { PodFacts } from '../pod/pod-facts.ts';
import type { RuleName } from '../rule/rule.ts';
import type { Preemption } from './preempt.ts';

/** What was decided about a pod, and why. */
export type Decision = Placement | Refusal;

export interface Explained {
  /** `namespace/name` */
  readonly pod: string;
  /** Nodes that there are, that were looked at, and that would do. */
  readonly nodes: number;
  readonly evaluated: number;
  readonly feasible: number;
  /** How many nodes each rule ruled out. */
  readonly ruledOut: readonly { readonly rule: RuleName; readonly nodes: number }[];
}

export interface Placement extends Explained {
  readonly outcome: 'placed';
  readonly nodeName: string;
  /** The best nodes; empty when there was only one to choose. */
  readonly ranking: readonly NodePoints[];
}

export type NodePoints = {
  readonly nodeName: string;
  readonly total: number;
  /** 0 to 100 points by rule, before they are weighted. */
  readonly points: readonly {
    readonly rule: RuleName;
    readonly weight: number;
    readonly points: number;
  }[];
};

export interface Refusal extends Explained {
  readonly outcome: 'unschedulable';
  /** The rules whose nodes may yet become feasible: an event about them wakes the pod up. */
  readonly rules: ReadonlySet<RuleName>;
  /** As the event has it: `0/3 nodes are available: 3 Insufficient cpu.` */
  readonly message: string;
  /** Room that can be made by evicting other pods. */
  readonly preemption: Preemption | undefined;
  /** Whether a node that is kept for the pod stays so: its victims are still leaving. */
  readonly keepsNomination: boolean;
  /** Undefined when the pod cannot be read. */
  readonly facts: PodFacts | undefined;
}
