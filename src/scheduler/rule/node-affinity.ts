import { NodeSet } from '../state/node-set.ts';
import { namedNodes, testOf } from './node-selection.ts';
import { normalize } from './normalize.ts';
import type { Block, NodeFilter, NodeScorer, RuleContext } from './rule.ts';

const reasons = ["node(s) didn't match Pod's node affinity/selector"];

/** `nodeSelector` and required node affinity. */
export function nodeAffinity({ facts, cluster, allowed }: RuleContext): NodeFilter | undefined {
  if (allowed === undefined) return undefined;
  const names = namedNodes(facts.nodeTerms);
  return {
    rule: 'NodeAffinity',
    begin: () => {
      allowed.refresh();
      return undefined;
    },
    only: () => names?.map((name) => cluster.nodes.slotOf(name)).filter((slot) => slot >= 0),
    pass: (block) => {
      pass(block, allowed.words);
    },
    reasons: () => reasons,
    resolvable: () => false,
  };
}

function pass(block: Block, words: Int32Array): void {
  const { slots, failedBy, mark } = block;
  let kept = 0;
  for (let at = 0; at < block.count; at += 1) {
    const slot = slots[at] as number;
    if (((words[slot >>> 5] as number) & (1 << (slot & 31))) !== 0) slots[kept++] = slot;
    else failedBy[slot] = mark;
  }
  block.count = kept;
}

/** The weights of the preferred terms that a node fulfils. */
export function nodePreference({ facts, cluster }: RuleContext): NodeScorer | undefined {
  const terms = facts.preferredNodes
    .filter(({ weight, preference: { matchExpressions = [], matchFields = [] } }) => {
      return weight !== 0 && matchExpressions.length + matchFields.length > 0;
    })
    .map(({ weight, preference }) => {
      const nodes = new NodeSet(cluster.nodes, testOf(preference, cluster.nodes));
      return { weight, nodes };
    });
  if (terms.length === 0) return undefined;
  return {
    rule: 'NodeAffinity',
    weight: 2,
    begin: () => {
      for (const { nodes } of terms) nodes.refresh();
    },
    score: (slots, count, points) => {
      points.fill(0, 0, count);
      for (const { weight, nodes } of terms) addWeight({ slots, count, points }, nodes, weight);
      normalize(points, count);
      return undefined;
    },
  };
}

interface Points {
  readonly slots: Int32Array;
  readonly count: number;
  readonly points: Float64Array;
}

function addWeight({ slots, count, points }: Points, { words }: NodeSet, weight: number): void {
  for (let at = 0; at < count; at += 1) {
    const slot = slots[at] as number;
    const chosen = ((words[slot >>> 5] as number) >>> (slot & 31)) & 1;
    points[at] = (points[at] as number) + weight * chosen;
  }
}
