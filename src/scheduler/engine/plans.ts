import type { Pod } from '../../api/types/generated/core-v1.ts';
import { signatureOf, type PodFacts } from '../pod/pod-facts.ts';
import { allowedNodes } from '../rule/node-selection.ts';
import type { NodeFilter, NodeScorer, RuleContext } from '../rule/rule.ts';
import { filterRules, scoreRules } from '../rule/rules.ts';
import { Standing } from '../rule/standing.ts';
import type { Cluster } from '../state/cluster.ts';

const plansKept = 1024;

/** The rules bound to one kind of pod: pods of one template share it. */
export interface Plan {
  readonly facts: PodFacts;
  readonly filters: readonly NodeFilter[];
  readonly scorers: readonly NodeScorer[];
}

/** Plans by what they depend on of the pod; the one unused for longest goes first. */
export class Plans {
  readonly #cluster: Cluster;
  readonly #plans = new Map<string, Plan>();
  #workloads = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Throws DomainError `invalid` when the pod has a selector that cannot be read. */
  of(pod: Pod): Plan {
    const { generation } = this.#cluster.workloads;
    // Which pods belong together decides on default constraints, which are part of plans.
    if (generation !== this.#workloads) this.#clear();
    this.#workloads = generation;
    const signature = signatureOf(pod);
    const known = this.#plans.get(signature);
    if (known !== undefined) {
      this.#plans.delete(signature);
      this.#plans.set(signature, known);
      return known;
    }
    this.#makeRoom();
    const plan = this.#make(this.#cluster.factsOf(pod, signature));
    this.#plans.set(signature, plan);
    return plan;
  }

  #make(facts: PodFacts): Plan {
    const cluster = this.#cluster;
    const context: RuleContext = {
      facts,
      cluster,
      allowed: allowedNodes(facts, cluster.nodes),
      standing: new Standing(facts.tolerations, cluster.nodes),
    };
    const filters = filterRules.map((rule) => rule(context)).filter((one) => one !== undefined);
    const scorers = scoreRules.map((rule) => rule(context)).filter((one) => one !== undefined);
    return { facts, filters, scorers };
  }

  #makeRoom(): void {
    const [oldest] = this.#plans;
    if (this.#plans.size < plansKept || oldest === undefined) return;
    this.#plans.delete(oldest[0]);
    close(oldest[1]);
  }

  #clear(): void {
    for (const plan of this.#plans.values()) close(plan);
    this.#plans.clear();
  }
}

function close({ filters, scorers }: Plan): void {
  for (const filter of filters) filter.close?.();
  for (const scorer of scorers) scorer.close?.();
}
