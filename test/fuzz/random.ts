/** A small generator of equal numbers on every machine (xorshift32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state % limit;
  }

  /** One of them; the fallback where there is none. */
  pick<T>(items: readonly T[], fallback: T): T {
    return items[this.below(Math.max(items.length, 1))] ?? fallback;
  }
}
