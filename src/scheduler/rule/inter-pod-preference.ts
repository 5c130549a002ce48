import type { DomainCounts } from '../state/domain-counts.ts';
import { closeTerms, countEach } from './own-terms.ts';
import { mostPoints } from './rule.ts';
import type { NodeScorer, RuleContext } from './rule.ts';
import { TermsAbout } from './terms-about.ts';

/** Preferred affinity and anti-affinity, of the pod and of those placed. */
export function interPodPreference(context: RuleContext): NodeScorer {
  const { facts, cluster } = context;
  const own = countEach(cluster, facts.preferredPods);
  const attracting = new TermsAbout(context, cluster.attracting);
  return {
    rule: 'InterPodAffinity',
    weight: 2,
    begin: () => {
      for (const { domains } of own) domains.refresh();
      attracting.refresh();
    },
    score: (slots, count, points) => {
      if (own.length === 0 && attracting.terms.length === 0) return 0;
      points.fill(0, 0, count);
      const nodes = { slots, count, points };
      for (const { term, domains } of own) addCounts(nodes, domains, term.weight);
      // What placed pods want is counted by weight already.
      for (const { domains } of attracting.terms) addCounts(nodes, domains, 1);
      stretch(points, count);
      return undefined;
    },
    close: () => {
      closeTerms(cluster, own);
    },
  };
}

interface ScoredNodes {
  readonly slots: Int32Array;
  readonly count: number;
  readonly points: Float64Array;
}

function addCounts(nodes: ScoredNodes, { column, counts }: DomainCounts, weight: number): void {
  const { slots, count, points } = nodes;
  const { ids } = column;
  for (let at = 0; at < count; at += 1) {
    const id = ids[slots[at] as number] as number;
    if (id !== 0) points[at] = (points[at] as number) + weight * (counts[id] as number);
  }
}

/** The least wanted node gets 0, the most wanted 100. */
function stretch(points: Float64Array, count: number): void {
  let least = Infinity;
  let most = -Infinity;
  for (let at = 0; at < count; at += 1) {
    const value = points[at] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const range = most - least;
  for (let at = 0; at < count; at += 1) {
    const share = range > 0 ? ((points[at] as number) - least) / range : 0;
    points[at] = Math.floor(mostPoints * share);
  }
}
