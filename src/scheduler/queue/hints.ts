import { matchesLabels } from '../../api/selector/label-selector.ts';
import { matchesTerm } from '../pod/affinity-term.ts';
import type { PodFacts } from '../pod/pod-facts.ts';
import { tolerates, isHard } from '../pod/toleration.ts';
import { allowedTest } from '../rule/node-selection.ts';
import type { RuleName } from '../rule/rule.ts';
import type { Cluster } from '../state/cluster.ts';
import type { NodeChange } from '../state/node-table.ts';

/** What has happened that may let a pod find a node. */
export type ClusterEvent =
  | { readonly kind: 'node'; readonly change: NodeChange & { readonly allocatable: boolean } }
  /** A pod has left its node, or has come to one. */
  | { readonly kind: 'podGone' | 'podCame'; readonly facts: PodFacts; readonly slot: number }
  | { readonly kind: 'nodeGone' | 'volumes' | 'namespaces' };

type Hint = (facts: PodFacts, event: ClusterEvent, cluster: Cluster) => boolean;

/** For each rule that can rule all nodes out: whether an event may have changed its mind. */
const hints: Readonly<Partial<Record<RuleName, Hint>>> = {
  NodeUnschedulable: (_, event, { nodes }) =>
    event.kind === 'node' &&
    (event.change.added || event.change.unschedulable) &&
    nodes.unschedulable[event.change.slot] === 0,
  NodeName: (facts, event, { nodes }) =>
    event.kind === 'node' && nodes.nameOf(event.change.slot) === facts.nodeName,
  TaintToleration: (facts, event, { nodes }) =>
    event.kind === 'node' &&
    (event.change.added || event.change.taints) &&
    (nodes.nodes[event.change.slot]?.spec?.taints ?? []).every(
      (taint) => !isHard(taint) || tolerates(facts.tolerations, taint),
    ),
  NodeAffinity: (facts, event, { nodes }) => {
    if (event.kind !== 'node' || !(event.change.added || event.change.labels)) return false;
    return allowedTest(facts, nodes)?.(event.change.slot) ?? true;
  },
  NodePorts: (facts, event, cluster) => {
    if (event.kind === 'node') return event.change.added;
    return event.kind === 'podGone' && cluster.ports.isFree(facts.ports, event.slot);
  },
  NodeResourcesFit: (facts, event, cluster) => {
    if (event.kind === 'node') {
      const { added, allocatable, slot } = event.change;
      return (added || allocatable) && fits(facts, slot, cluster);
    }
    return event.kind === 'podGone' && fits(facts, event.slot, cluster);
  },
  VolumeRestrictions: ({ namespace, claims }, event) =>
    event.kind === 'volumes' ||
    event.kind === 'nodeGone' ||
    (event.kind === 'podGone' &&
      event.facts.namespace === namespace &&
      event.facts.claims.some((claim) => claims.includes(claim))),
  VolumeBinding: onVolumesAndLabels,
  VolumeZone: onVolumesAndLabels,
  // A domain less may be the emptiest one less.
  PodTopologySpread: ({ namespace, constraints }, event) => {
    if (event.kind === 'nodeGone') return true;
    if (event.kind === 'node') {
      const { added, labels, taints } = event.change;
      return added || labels || taints;
    }
    if (event.kind !== 'podGone' && event.kind !== 'podCame') return false;
    const { facts } = event;
    return (
      facts.namespace === namespace &&
      constraints.some(
        ({ selector }) => selector !== undefined && matchesLabels(selector, facts.labels),
      )
    );
  },
  InterPodAffinity: (facts, event, cluster) => {
    if (event.kind === 'node') return event.change.added || event.change.labels;
    if (event.kind === 'namespaces' || event.kind === 'nodeGone') return true;
    if (event.kind !== 'podGone' && event.kind !== 'podCame') return false;
    const [here, there] = [labelled(facts, cluster), labelled(event.facts, cluster)];
    // When the last one goes that a pod wants to be near, it is the first of its kind.
    const unwanted = event.kind === 'podGone' ? facts.antiAffinity : [];
    const wanted = [...facts.affinity, ...unwanted];
    if (wanted.some((term) => matchesTerm(term, there))) return true;
    const kept = event.kind === 'podGone' ? event.facts.antiAffinity : [];
    return kept.some((term) => matchesTerm(term, here));
  },
};

/** Whether the event may help a pod that these rules kept from all nodes. */
export function mayHelp(
  event: ClusterEvent,
  { facts, rules }: { readonly facts: PodFacts | undefined; readonly rules: ReadonlySet<RuleName> },
  cluster: Cluster,
): boolean {
  // Nothing is known of why: every event may help.
  if (facts === undefined || rules.size === 0) return true;
  for (const rule of rules) if (hints[rule]?.(facts, event, cluster) === true) return true;
  return false;
}

function onVolumesAndLabels(_: PodFacts, event: ClusterEvent): boolean {
  if (event.kind === 'node') return event.change.added || event.change.labels;
  return event.kind === 'volumes';
}

function fits({ requests }: PodFacts, slot: number, { resources }: Cluster): boolean {
  const { allocatable, requested } = resources.pods;
  if ((requested[slot] ?? 0) + 1 > (allocatable[slot] ?? 0)) return false;
  return requests.names.every((name, at) => {
    const column = resources.find(name);
    const free = (column?.allocatable[slot] ?? 0) - (column?.requested[slot] ?? 0);
    const wanted = requests.amounts[at] ?? 0;
    return wanted === 0 || wanted <= free;
  });
}

function labelled({ namespace, labels }: PodFacts, { groups }: Cluster) {
  return { namespace, labels, namespaceLabels: groups.namespaceLabels(namespace) };
}
