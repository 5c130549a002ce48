import { writeTime } from '../../api/time.ts';
import type { Decision, NodePoints } from '../engine/decision.ts';

/** A decision as it is kept and told: plain JSON, without the pods that it was about. */
export type Explanation = {
  /** `namespace/name` */
  readonly pod: string;
  /** When, as the API writes times. */
  readonly decided: string;
  /** Absent when no node was found. */
  readonly nodeName?: string;
  /** Nodes that there were, that were looked at, and that would do. */
  readonly nodes: number;
  readonly evaluated: number;
  readonly feasible: number;
  readonly ruledOut: readonly { readonly rule: string; readonly nodes: number }[];
  /** The best nodes with their points. */
  readonly ranking: readonly NodePoints[];
  /** Why there was none. */
  readonly message?: string;
  readonly room?: {
    readonly nodeName: string;
    readonly victims: readonly { readonly pod: string; readonly priority: number }[];
  };
};

export function explain(decision: Decision, atMs: number): Explanation {
  const { pod, nodes, evaluated, feasible, ruledOut } = decision;
  const decided = writeTime(Math.floor(atMs / 1000));
  const seen = { pod, decided, nodes, evaluated, feasible, ruledOut };
  if (decision.outcome === 'placed') {
    const { nodeName, ranking } = decision;
    return { ...seen, nodeName, ranking };
  }
  const { message, preemption } = decision;
  if (preemption === undefined) return { ...seen, ranking: [], message };
  const victims = preemption.victims.map(({ key, facts }) => ({
    pod: key,
    priority: facts.priority,
  }));
  return { ...seen, ranking: [], message, room: { nodeName: preemption.nodeName, victims } };
}
