import { matchesLabels, type LabelSelector } from '../../api/selector/label-selector.ts';
import type { PodDisruptionBudget } from '../../api/types/generated/policy-v1.ts';
import { readSelector } from '../pod/affinity-term.ts';
import type { PlacedPod } from '../state/placed-pod.ts';

interface Budget {
  readonly namespace: string;
  readonly selector: LabelSelector;
  readonly allowed: number;
  /** Pods whose eviction is counted in `allowed` already. */
  readonly disrupted: ReadonlySet<string>;
}

/** The pod disruption budgets, as preemption respects them. */
export class Budgets {
  readonly #budgets = new Map<string, Budget>();

  set(key: string, budget: PodDisruptionBudget | undefined): void {
    const selector = budget?.spec.selector;
    // A budget whose selector is missing or empty protects nothing.
    const requirements = selector === undefined ? [] : readSelector(selector);
    if (budget === undefined || requirements.length === 0) this.#budgets.delete(key);
    else {
      this.#budgets.set(key, {
        namespace: budget.metadata.namespace ?? 'default',
        selector: requirements,
        allowed: budget.status?.disruptionsAllowed ?? 0,
        disrupted: new Set(Object.keys(budget.status?.disruptedPods ?? {})),
      });
    }
  }

  /** Divides pods, in order, into those whose eviction breaks a budget and the others. */
  divide(pods: readonly PlacedPod[]): {
    readonly violating: readonly PlacedPod[];
    readonly others: readonly PlacedPod[];
  } {
    if (this.#budgets.size === 0) return { violating: [], others: pods };
    const budgets = [...this.#budgets.values()].map((budget) => ({ budget, left: budget.allowed }));
    const violating: PlacedPod[] = [];
    const others: PlacedPod[] = [];
    for (const pod of pods) {
      const concerned = budgets.filter(({ budget }) => protects(budget, pod));
      for (const one of concerned) one.left -= 1;
      (concerned.some(({ left }) => left < 0) ? violating : others).push(pod);
    }
    return { violating, others };
  }
}

function protects({ namespace, selector, disrupted }: Budget, { pod, facts }: PlacedPod): boolean {
  return (
    namespace === facts.namespace &&
    Object.keys(facts.labels).length > 0 &&
    matchesLabels(selector, facts.labels) &&
    !disrupted.has(pod.metadata.name ?? '')
  );
}
