import type { Pod } from '../../api/types/generated/core-v1.ts';
import { isDomainError } from '../../base/error.ts';
import { assess, type Assessment } from './assess.ts';
import type { PodFacts } from '../pod/pod-facts.ts';
import { Cluster } from '../state/cluster.ts';
import { Budgets } from './budgets.ts';
import { passes, reasonsFor, type Attempt } from './candidate.ts';
import type { Decision, Placement, Refusal } from './decision.ts';
import { findFeasible, nodesToFind, type Found } from './find-feasible.ts';
import { fitMessage, ReasonCounts, refusalMessage } from './fit-message.ts';
import { Nominations } from './nominations.ts';
import { Plans } from './plans.ts';
import { preempt } from './preempt.ts';
import { Random } from './random.ts';
import { Ranking } from './rank-nodes.ts';

export interface EngineOptions {
  /** Of the nodes, 1 to 100; 0 takes fewer the more there are, as Kubernetes does. */
  readonly percentageOfNodesToScore?: number;
  /** The same seed makes the same choices among equally good nodes. */
  readonly seed?: number;
}

/**
 * Decides where pods go. It holds no connection and no clock: what the cluster is like is told to
 * `cluster`, `budgets` and `nominations`, and a decision changes nothing by itself.
 */
export class Engine {
  readonly cluster = new Cluster();
  readonly budgets = new Budgets();
  readonly nominations = new Nominations(this.cluster);
  readonly #plans = new Plans(this.cluster);
  readonly #ranking = new Ranking();
  readonly #percentage: number;
  readonly #random: Random;
  #start = 0;

  constructor({ percentageOfNodesToScore = 0, seed = 1 }: EngineOptions = {}) {
    this.#percentage = percentageOfNodesToScore;
    this.#random = new Random(seed);
  }

  /** The best node for the pod, or why there is none and what evicting others would do. */
  decide(pod: Pod): Decision {
    this.cluster.sweep();
    try {
      return this.#decide(pod, this.#attempt(pod));
    } catch (error) {
      if (!isDomainError(error, 'invalid')) throw error;
      return this.#refuse(podKey(pod), error.message);
    }
  }

  /** What the rules say of every node; throws DomainError `invalid` as the pod's selectors may. */
  assess(pod: Pod): Assessment {
    const attempt = this.#attempt(pod);
    for (const filter of attempt.plan.filters) filter.begin?.();
    return assess(attempt, this.#random);
  }

  #attempt(pod: Pod): Attempt {
    const { cluster, nominations } = this;
    const plan = this.#plans.of(pod);
    return { key: podKey(pod), plan, cluster, nominations, keptReasons: new Map() };
  }

  #decide(pod: Pod, attempt: Attempt): Decision {
    const { nodes } = this.cluster;
    const { filters } = attempt.plan;
    let order = nodes.order();
    let narrowedBy = '';
    for (const filter of filters) {
      const refusal = filter.begin?.();
      if (refusal !== undefined) {
        const refused = refusalMessage(nodes.count, refusal);
        const rules = new Set([filter.rule]);
        return { ...this.#refuse(attempt.key, refused, { pod, facts: attempt.plan.facts }), rules };
      }
      const only = filter.only?.();
      if (only !== undefined) {
        order = Int32Array.from(only);
        narrowedBy = filter.rule;
      }
    }
    const nominated = this.#nominatedNode(pod, attempt);
    if (nominated !== undefined) order = nominated;
    const wanted = nodesToFind(order.length, this.#percentage);
    const start = order.length === 0 ? 0 : this.#start % order.length;
    const found = findFeasible(attempt, { order, start, wanted });
    if (found.count > 0) {
      this.#start = start + found.evaluated;
      return this.#place(attempt, found);
    }
    return this.#explainRefusal({ pod, attempt, order, narrowedBy }, found);
  }

  /** The node that was made free for the pod comes before all others. */
  #nominatedNode({ status }: Pod, attempt: Attempt): Int32Array | undefined {
    const slot = this.cluster.nodes.slotOf(status?.nominatedNodeName ?? '');
    return slot >= 0 && passes(attempt, slot) ? Int32Array.of(slot) : undefined;
  }

  #place({ key, plan }: Attempt, found: Found): Placement {
    const { nodes } = this.cluster;
    const { scorers } = plan;
    const ranked = found.count > 1 ? this.#ranking.rank(scorers, found, this.#random) : [];
    const slot = ranked[0]?.slot ?? found.slots[0] ?? -1;
    return {
      outcome: 'placed',
      pod: key,
      nodeName: nodes.nameOf(slot),
      nodes: nodes.count,
      evaluated: found.evaluated,
      feasible: found.count,
      ruledOut: ruledOut(plan.filters, found),
      ranking: ranked.map((node) => ({
        nodeName: nodes.nameOf(node.slot),
        total: node.total,
        points: scorers.map(({ rule, weight }, at) => ({
          rule,
          weight,
          points: node.points[at] ?? 0,
        })),
      })),
    };
  }

  #explainRefusal({ pod, attempt, order, narrowedBy }: Question, found: Found): Refusal {
    const { nodes } = this.cluster;
    const { filters } = attempt.plan;
    const failedAt = (slot: number): number => (found.failedBy[slot] as number) - 1;
    const reasons = new ReasonCounts();
    const rules = new Set<Refusal['ruledOut'][number]['rule']>();
    for (const slot of order) {
      const filter = filters[failedAt(slot)];
      if (filter !== undefined) rules.add(filter.rule);
      reasons.count(reasonsFor(attempt, failedAt(slot), slot));
    }
    if (narrowedBy !== '') {
      rules.add('NodeAffinity');
      const outside = nodes.count - order.length;
      if (outside > 0) reasons.count([`node(s) didn't satisfy plugin(s) [${narrowedBy}]`], outside);
    }
    const outcome = preempt({
      pod,
      attempt,
      order,
      resolvable: (slot) => filters[failedAt(slot)]?.resolvable(slot) ?? false,
      budgets: this.budgets,
      random: this.#random,
    });
    const message = fitMessage(nodes.count, reasons.byReason);
    return {
      outcome: 'unschedulable',
      pod: attempt.key,
      nodes: nodes.count,
      evaluated: found.evaluated,
      feasible: 0,
      ruledOut: ruledOut(filters, found),
      rules,
      message: typeof outcome === 'string' && nodes.count > 0 ? `${message} ${outcome}` : message,
      preemption: typeof outcome === 'string' ? undefined : outcome,
      keepsNomination: typeof outcome === 'string' && outcome.includes('not eligible'),
      facts: attempt.plan.facts,
    };
  }

  /** No node was asked. */
  #refuse(
    key: string,
    reason: string,
    { pod, facts }: { readonly pod?: Pod; readonly facts?: PodFacts } = {},
  ): Refusal {
    const { count } = this.cluster.nodes;
    const useless = new Map([['Preemption is not helpful for scheduling', count]]);
    const never = pod?.spec.preemptionPolicy === 'Never';
    const preemption = never
      ? 'not eligible due to preemptionPolicy=Never.'
      : fitMessage(count, useless);
    return {
      outcome: 'unschedulable',
      pod: key,
      nodes: count,
      evaluated: 0,
      feasible: 0,
      ruledOut: [],
      rules: new Set(),
      message: pod === undefined || count === 0 ? reason : `${reason} preemption: ${preemption}`,
      preemption: undefined,
      keepsNomination: never,
      facts,
    };
  }
}

function podKey({ metadata }: Pod): string {
  return `${metadata.namespace ?? 'default'}/${metadata.name ?? ''}`;
}

interface Question {
  readonly pod: Pod;
  readonly attempt: Attempt;
  readonly order: Int32Array;
  readonly narrowedBy: string;
}

function ruledOut(filters: Attempt['plan']['filters'], { failures }: Found): Placement['ruledOut'] {
  return filters
    .map(({ rule }, at) => ({ rule, nodes: failures[at] ?? 0 }))
    .filter(({ nodes }) => nodes > 0);
}
