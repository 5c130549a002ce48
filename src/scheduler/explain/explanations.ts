import type { Decision } from '../engine/decision.ts';
import { explain, type Explanation } from './explanation.ts';

const mostKept = 4096;

interface Kept {
  readonly decision: Decision;
  readonly atMs: number;
}

/** The last decision about each pod; of too many pods the oldest is forgotten. */
export class Explanations {
  readonly #kept = new Map<string, Kept | Explanation>();
  readonly #added: (pod: string) => void;

  /** `added` is told of each pod that was decided on. */
  constructor(added: (pod: string) => void = () => undefined) {
    this.#added = added;
  }

  add(decision: Decision, atMs: number): void {
    this.#kept.delete(decision.pod);
    // A placement is small, and told of rarely; a refusal holds on to victims with all they have.
    const kept = decision.outcome === 'placed' ? { decision, atMs } : explain(decision, atMs);
    this.#kept.set(decision.pod, kept);
    this.#added(decision.pod);
    if (this.#kept.size <= mostKept) return;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined) this.#kept.delete(oldest);
  }

  /** By `namespace/name`. */
  of(pod: string): Explanation | undefined {
    const kept = this.#kept.get(pod);
    return kept !== undefined && 'decision' in kept ? explain(kept.decision, kept.atMs) : kept;
  }
}
