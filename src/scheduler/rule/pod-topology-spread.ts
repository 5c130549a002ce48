import { matchesLabels } from '../../api/selector/label-selector.ts';
import type { Block, NodeFilter, RuleContext } from './rule.ts';
import {
  closeConstraints,
  countConstraints,
  refreshConstraints,
  type CountedConstraint,
} from './spread-state.ts';

const uneven = "node(s) didn't match pod topology spread constraints";
const unlabelled = `${uneven} (missing required label)`;

/** Hard constraints: no domain may have more than `maxSkew` pods above the emptiest. */
export function podTopologySpread(context: RuleContext): NodeFilter | undefined {
  const { facts } = context;
  const hard = facts.constraints.filter((constraint) => constraint.hard);
  if (hard.length === 0) return undefined;
  const counted = countConstraints(context, hard, true);
  const self = hard.map(({ selector }) =>
    selector !== undefined && matchesLabels(selector, facts.labels) ? 1 : 0,
  );
  const limitOf = (one: CountedConstraint, at: number): number => limit(one, self[at] ?? 0);
  return {
    rule: 'PodTopologySpread',
    begin: () => {
      refreshConstraints(context, counted);
      return undefined;
    },
    pass: (block) => {
      for (const [at, one] of counted.entries()) pass(block, one, limitOf(one, at));
    },
    reasons: (slot) => [isUnlabelled(slot, counted) ? unlabelled : uneven],
    resolvable: (slot) => !isUnlabelled(slot, counted),
    close: () => {
      closeConstraints(context, counted);
    },
  };

  /** The first constraint that the node breaks decides what is said. */
  function isUnlabelled(slot: number, constraints: readonly CountedConstraint[]): boolean {
    const at = constraints.findIndex((one, index) => {
      const id = one.domains.column.ids[slot] ?? 0;
      return id === 0 || (one.domains.counts[id] ?? 0) > limitOf(one, index);
    });
    return (constraints[at]?.domains.column.ids[slot] ?? 0) === 0;
  }
}

/** How many pods a domain may have before the new one. */
function limit({ constraint, domains }: CountedConstraint, self: number): number {
  const smallest = domains.domains < constraint.minDomains ? 0 : domains.smallest;
  return constraint.maxSkew - self + smallest;
}

function pass(block: Block, { domains }: CountedConstraint, most: number): void {
  const { slots, failedBy, mark } = block;
  const { ids } = domains.column;
  const { counts } = domains;
  let kept = 0;
  for (let at = 0; at < block.count; at += 1) {
    const slot = slots[at] as number;
    const id = ids[slot] as number;
    if (id !== 0 && (counts[id] as number) <= most) slots[kept++] = slot;
    else failedBy[slot] = mark;
  }
  block.count = kept;
}
