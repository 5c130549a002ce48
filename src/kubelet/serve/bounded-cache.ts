import type { Clock } from '../../base/clock.ts';

/** Answers that hold for a while; of too many the oldest are forgotten. */
export class BoundedCache<Value> {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #known = new Map<string, { readonly value: Value; readonly untilMs: number }>();

  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  get(key: string): Value | undefined {
    const found = this.#known.get(key);
    if (found === undefined) return undefined;
    if (this.#clock.now() < found.untilMs) return found.value;
    this.#known.delete(key);
    return undefined;
  }

  put(key: string, value: Value, lifetimeMs: number): void {
    this.#known.delete(key);
    if (lifetimeMs <= 0) return;
    this.#known.set(key, { value, untilMs: this.#clock.now() + lifetimeMs });
    if (this.#known.size <= this.#most) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}
