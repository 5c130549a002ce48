import { matchesTerm } from '../pod/affinity-term.ts';
import type { DomainCounts } from '../state/domain-counts.ts';
import { closeTerms, countEach, countTogether } from './own-terms.ts';
import type { Block, NodeFilter, RuleContext } from './rule.ts';
import { TermsAbout } from './terms-about.ts';

const notNear = ["node(s) didn't match pod affinity rules"];
const notFar = ["node(s) didn't match pod anti-affinity rules"];
const unwelcome = ["node(s) didn't satisfy existing pods anti-affinity rules"];

/** Required affinity and anti-affinity, of the pod and, the other way round, of those placed. */
export function interPodAffinity(context: RuleContext): NodeFilter {
  const { facts, cluster } = context;
  const near = countTogether(cluster, facts.affinity);
  const far = countEach(cluster, facts.antiAffinity);
  const repelling = new TermsAbout(context, cluster.repelling);
  /** Nobody matches yet, but the pod itself would: the first of its kind may go anywhere. */
  const isFirst = (): boolean =>
    near.every(({ domains }) => domains.total === 0) &&
    facts.affinity.every((term) => matchesTerm(term, labelledPodOf(context)));
  const lacks = (slot: number, first: boolean): boolean =>
    near.some(({ domains }) => {
      const id = domains.column.ids[slot] ?? 0;
      return id === 0 || (!first && domains.counts[id] === 0);
    });
  return {
    rule: 'InterPodAffinity',
    begin: () => {
      for (const { domains } of near) domains.refresh();
      for (const { domains } of far) domains.refresh();
      repelling.refresh();
      return undefined;
    },
    pass: (block) => {
      if (near.length > 0) {
        const first = isFirst();
        for (const { domains } of near) passNear(block, domains, first);
      }
      for (const { domains } of far) passFar(block, domains);
      for (const { domains } of repelling.terms) passFar(block, domains);
    },
    reasons: (slot) => {
      if (near.length > 0 && lacks(slot, isFirst())) return notNear;
      return far.some(({ domains }) => holds(domains, slot)) ? notFar : unwelcome;
    },
    resolvable: (slot) => near.length === 0 || !lacks(slot, isFirst()),
    close: () => {
      closeTerms(cluster, [...near, ...far]);
    },
  };
}

export function labelledPodOf({ facts, cluster }: RuleContext): Parameters<typeof matchesTerm>[1] {
  const { namespace, labels } = facts;
  return { namespace, labels, namespaceLabels: cluster.groups.namespaceLabels(namespace) };
}

function holds({ column, counts }: DomainCounts, slot: number): boolean {
  const id = column.ids[slot] ?? 0;
  return id !== 0 && (counts[id] ?? 0) > 0;
}

function passNear(block: Block, { column, counts }: DomainCounts, first: boolean): void {
  const { slots, failedBy, mark } = block;
  const { ids } = column;
  let kept = 0;
  for (let at = 0; at < block.count; at += 1) {
    const slot = slots[at] as number;
    const id = ids[slot] as number;
    if (id !== 0 && (first || (counts[id] as number) > 0)) slots[kept++] = slot;
    else failedBy[slot] = mark;
  }
  block.count = kept;
}

function passFar(block: Block, { column, counts }: DomainCounts): void {
  const { slots, failedBy, mark } = block;
  const { ids } = column;
  let kept = 0;
  for (let at = 0; at < block.count; at += 1) {
    const slot = slots[at] as number;
    const id = ids[slot] as number;
    if (id === 0 || (counts[id] as number) === 0) slots[kept++] = slot;
    else failedBy[slot] = mark;
  }
  block.count = kept;
}
