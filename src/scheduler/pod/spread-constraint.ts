import type { LabelSelector, Labels } from '../../api/selector/label-selector.ts';
import type { Pod, TopologySpreadConstraint } from '../../api/types/generated/core-v1.ts';
import { ownLabels, readSelector } from './affinity-term.ts';

/** How evenly a pod and its like are to lie over the domains of a topology. */
export interface SpreadConstraint {
  readonly hard: boolean;
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  /** Undefined selects no pod. */
  readonly selector: LabelSelector | undefined;
  /** Nodes that the pod's node selector and affinity rule out do not count. */
  readonly honorsAffinity: boolean;
  /** Nodes with taints that the pod does not tolerate do not count. */
  readonly honorsTaints: boolean;
}

/** The pod's own `topologySpreadConstraints`. Throws `invalid`. */
export function readConstraints({ metadata, spec }: Pod): readonly SpreadConstraint[] {
  const labels = metadata.labels ?? {};
  return (spec.topologySpreadConstraints ?? []).map((one) => readConstraint(one, labels));
}

function readConstraint(constraint: TopologySpreadConstraint, labels: Labels): SpreadConstraint {
  const { labelSelector, matchLabelKeys } = constraint;
  const selector =
    labelSelector === undefined
      ? undefined
      : [...readSelector(labelSelector), ...ownLabels(matchLabelKeys, labels, 'in')];
  return {
    hard: constraint.whenUnsatisfiable === 'DoNotSchedule',
    topologyKey: constraint.topologyKey,
    maxSkew: constraint.maxSkew,
    minDomains: constraint.minDomains ?? 1,
    selector,
    honorsAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
    honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
  };
}

/** What pods of a service or replica set get that name no constraints of their own. */
export function defaultConstraints(selector: LabelSelector): readonly SpreadConstraint[] {
  const soft = { hard: false, minDomains: 1, selector, honorsAffinity: true, honorsTaints: false };
  return [
    { ...soft, topologyKey: 'kubernetes.io/hostname', maxSkew: 3 },
    { ...soft, topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
  ];
}
