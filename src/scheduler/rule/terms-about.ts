import type { PlacedTerm, PlacedTerms } from '../state/placed-terms.ts';
import type { RuleContext } from './rule.ts';

/** The terms of placed pods that speak of one kind of pod: found anew when terms come or go. */
export class TermsAbout {
  readonly #context: RuleContext;
  readonly #placed: PlacedTerms;
  terms: readonly PlacedTerm[] = [];
  #seen = '';

  constructor(context: RuleContext, placed: PlacedTerms) {
    this.#context = context;
    this.#placed = placed;
  }

  refresh(): void {
    const { facts, cluster } = this.#context;
    const now = `${this.#placed.generation} ${cluster.groups.namespaceGeneration}`;
    if (now !== this.#seen) {
      this.#seen = now;
      const { namespace, labels } = facts;
      const namespaceLabels = cluster.groups.namespaceLabels(namespace);
      this.terms = this.#placed.about({ namespace, labels, namespaceLabels });
    }
    for (const { domains } of this.terms) domains.refresh();
  }
}
