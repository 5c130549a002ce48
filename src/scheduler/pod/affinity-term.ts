import { readLabelSelector, matchesLabels } from '../../api/selector/label-selector.ts';
import type { LabelSelector, Labels } from '../../api/selector/label-selector.ts';
import type { Pod, PodAffinityTerm } from '../../api/types/generated/core-v1.ts';
import type { LabelSelector as WrittenSelector } from '../../api/types/generated/meta-v1.ts';

/** Which pods a term of pod affinity speaks of, and over which topology. */
export interface AffinityTerm {
  readonly namespaces: ReadonlySet<string>;
  /** Selects namespaces besides those named; undefined selects none. */
  readonly namespaceSelector: LabelSelector | undefined;
  /** Undefined selects no pod at all. */
  readonly selector: LabelSelector | undefined;
  readonly topologyKey: string;
  /** The same for terms that mean the same. */
  readonly text: string;
}

export interface WeightedTerm extends AffinityTerm {
  /** Below zero for anti-affinity. */
  readonly weight: number;
}

/** The terms of `requiredDuringSchedulingIgnoredDuringExecution`. Throws `invalid`. */
export function readTerms(
  pod: Pod,
  terms: readonly PodAffinityTerm[] | undefined,
): readonly AffinityTerm[] {
  return (terms ?? []).map((term) => readTerm(pod, term));
}

export function readTerm(pod: Pod, term: PodAffinityTerm): AffinityTerm {
  const { namespaces = [], namespaceSelector, topologyKey } = term;
  const own = namespaces.length === 0 && namespaceSelector === undefined;
  const names = own ? [pod.metadata.namespace ?? 'default'] : [...namespaces].toSorted();
  const chosen = namespaceSelector === undefined ? undefined : readSelector(namespaceSelector);
  const selector = selectorOf(term, pod.metadata.labels ?? {});
  return {
    namespaces: new Set(names),
    namespaceSelector: chosen,
    selector,
    topologyKey,
    text: JSON.stringify([names, chosen, selector, topologyKey]),
  };
}

function selectorOf(term: PodAffinityTerm, labels: Labels): LabelSelector | undefined {
  if (term.labelSelector === undefined) return undefined;
  return [
    ...readSelector(term.labelSelector),
    ...ownLabels(term.matchLabelKeys, labels, 'in'),
    ...ownLabels(term.mismatchLabelKeys, labels, 'notin'),
  ];
}

export function readSelector(selector: WrittenSelector): LabelSelector {
  return readLabelSelector(selector);
}

/** `matchLabelKeys`: as the pod itself has the label; keys that it lacks say nothing. */
export function ownLabels(
  keys: readonly string[] | undefined,
  labels: Labels,
  operator: 'in' | 'notin',
): LabelSelector {
  return (keys ?? [])
    .filter((key) => Object.hasOwn(labels, key))
    .map((key) => ({ key, operator, values: [labels[key] ?? ''] }));
}

export interface LabelledPod {
  readonly namespace: string;
  readonly namespaceLabels: Labels;
  readonly labels: Labels;
}

export function matchesTerm(term: AffinityTerm, pod: LabelledPod): boolean {
  const { namespaces, namespaceSelector, selector } = term;
  if (selector === undefined) return false;
  const inside =
    namespaces.has(pod.namespace) ||
    (namespaceSelector !== undefined && matchesLabels(namespaceSelector, pod.namespaceLabels));
  return inside && matchesLabels(selector, pod.labels);
}
