export interface BackOffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** As controllers of Kubernetes begin; the last step is kept short enough to be waited for. */
const usual: BackOffOptions = { firstMs: 5, mostMs: 2 * 60_000 };

/** How long each failing key waits: twice as long as the last time. */
export class BackOff {
  readonly #options: BackOffOptions;
  readonly #failures = new Map<string, number>();

  constructor(options: BackOffOptions = usual) {
    this.#options = options;
  }

  /** Counts a failure; the time until the next attempt, in milliseconds. */
  next(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const { firstMs, mostMs } = this.#options;
    return Math.min(firstMs * 2 ** Math.min(failures, 40), mostMs);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** It went well: the next failure is the first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }
}
