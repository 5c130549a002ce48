import { matchesTerm, type AffinityTerm, type LabelledPod } from '../pod/affinity-term.ts';
import { DomainCounts, NodeCounts } from './domain-counts.ts';
import type { LabelColumns } from './label-columns.ts';
import type { NodeTable } from './node-table.ts';

const unusedTermsKept = 256;

/** A term that pods on nodes have, and how much of it (pods, or weight) each domain holds. */
export interface PlacedTerm {
  readonly term: AffinityTerm;
  readonly counts: NodeCounts;
  readonly domains: DomainCounts;
  pods: number;
}

/** The terms of placed pods, equal ones together: what a new pod is held against. */
export class PlacedTerms {
  readonly #terms = new Map<string, PlacedTerm>();
  readonly #table: NodeTable;
  readonly #columns: LabelColumns;
  #unused = 0;
  /** Counts terms that have come or gone. */
  generation = 0;

  constructor(table: NodeTable, columns: LabelColumns) {
    this.#table = table;
    this.#columns = columns;
  }

  get size(): number {
    return this.#terms.size;
  }

  /** The entry for a term, so that adding pods needs no look-up. */
  entryOf(term: AffinityTerm): PlacedTerm {
    const known = this.#terms.get(term.text);
    if (known !== undefined) return known;
    const counts = new NodeCounts();
    const domains = new DomainCounts(counts, this.#columns.of(term.topologyKey), this.#table);
    const entry = { term, counts, domains, pods: 0 };
    this.#terms.set(term.text, entry);
    this.#unused += 1;
    this.generation += 1;
    return entry;
  }

  add(term: AffinityTerm, at: { readonly slot: number; readonly by: number; pods: 1 | -1 }): void {
    const entry = this.entryOf(term);
    if (entry.pods === 0) this.#unused -= 1;
    entry.pods += at.pods;
    if (entry.pods === 0) this.#unused += 1;
    entry.counts.add(at.slot, at.by);
  }

  /** The terms that speak of the pod. */
  about(pod: LabelledPod): readonly PlacedTerm[] {
    return [...this.#terms.values()].filter(({ term }) => matchesTerm(term, pod));
  }

  sweep(): void {
    if (this.#unused <= unusedTermsKept) return;
    for (const [text, { pods }] of this.#terms) if (pods === 0) this.#terms.delete(text);
    this.#unused = 0;
    this.generation += 1;
  }
}
