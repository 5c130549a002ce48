import {
  matchesLabels,
  type LabelSelector,
  type Operator,
} from '../../api/selector/label-selector.ts';
import { DomainError } from '../../base/error.ts';
import type {
  NodeSelectorRequirement,
  NodeSelectorTerm,
} from '../../api/types/generated/core-v1.ts';
import type { PodFacts } from '../pod/pod-facts.ts';
import { NodeSet } from '../state/node-set.ts';
import type { NodeTable } from '../state/node-table.ts';

/** Says of a node whether it is meant. */
export type NodeTest = (slot: number) => boolean;

/** Node selector and required node affinity together; undefined when the pod has neither. */
export function allowedNodes(facts: PodFacts, table: NodeTable): NodeSet | undefined {
  const test = allowedTest(facts, table);
  return test === undefined ? undefined : new NodeSet(table, test);
}

/** The same for single nodes. */
export function allowedTest(facts: PodFacts, table: NodeTable): NodeTest | undefined {
  const { nodeSelector, nodeTerms } = facts;
  const wanted = Object.entries(nodeSelector);
  if (wanted.length === 0 && nodeTerms === undefined) return undefined;
  const tests = nodeTerms?.map((term) => testOf(term, table));
  return (slot) => {
    const labels = table.labelsOf(slot);
    return (
      wanted.every(([key, value]) => labels[key] === value) &&
      (tests === undefined || tests.some((test) => test(slot)))
    );
  };
}

/** A term without requirements means no node. Throws DomainError `invalid`. */
export function testOf(term: NodeSelectorTerm, table: NodeTable): NodeTest {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length === 0 && matchFields.length === 0) return () => false;
  const labels = selectorOf(matchExpressions);
  const fields = selectorOf(matchFields);
  return (slot) =>
    matchesLabels(labels, table.labelsOf(slot)) &&
    (fields.length === 0 || matchesLabels(fields, { 'metadata.name': table.nameOf(slot) }));
}

const operators: Readonly<Record<string, Operator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: 'absent',
  Gt: 'greater',
  Lt: 'less',
};

function selectorOf(requirements: readonly NodeSelectorRequirement[]): LabelSelector {
  return requirements.map(({ key, operator, values = [] }) => {
    const known = operators[operator];
    if (known === undefined) {
      throw new DomainError('invalid', `"${operator}" is not a valid node selector operator`);
    }
    if ((known === 'greater' || known === 'less') && !/^-?\d{1,19}$/.test(values[0] ?? '')) {
      throw new DomainError('invalid', `${operator} needs one whole number, not "${values[0]}"`);
    }
    return { key, operator: known, values };
  });
}

/** The nodes that the terms name by `metadata.name`; undefined when one names none. */
export function namedNodes(terms: readonly NodeSelectorTerm[] | undefined): string[] | undefined {
  if (terms === undefined || terms.length === 0) return undefined;
  const names = new Set<string>();
  for (const { matchFields = [] } of terms) {
    const naming = matchFields.filter(
      ({ key, operator }) => key === 'metadata.name' && operator === 'In',
    );
    if (naming.length === 0) return undefined;
    const [first, ...rest] = naming.map(({ values = [] }) => values);
    for (const name of first ?? [])
      if (rest.every((other) => other.includes(name))) names.add(name);
  }
  return [...names];
}
