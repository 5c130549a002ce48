import type { Decision } from '../engine/decision.ts';

const mostKept = 4096;

export interface Explanation {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly decision: Decision;
}

/** The last decision about each pod; of too many pods the oldest is forgotten. */
export class Explanations {
  readonly #kept = new Map<string, Explanation>();

  add(decision: Decision, at: number): void {
    this.#kept.delete(decision.pod);
    this.#kept.set(decision.pod, { at, decision });
    if (this.#kept.size <= mostKept) return;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined) this.#kept.delete(oldest);
  }

  /** By `namespace/name`. */
  of(pod: string): Explanation | undefined {
    return this.#kept.get(pod);
  }
}
