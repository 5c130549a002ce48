/** One step of a piece of work: milliseconds from its start, and its depth below other steps. */
export interface Span {
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly depth: number;
}

/**
 * Records how long steps take, for `keelson trace`. A recorder that is off costs one comparison a
 * step.
 */
export class SpanRecorder {
  readonly #startedAt = performance.now();
  readonly #spans: Span[] = [];
  readonly #on: boolean;
  #depth = 0;

  constructor(on: boolean) {
    this.#on = on;
  }

  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (!this.#on) return work();
    const startMs = this.#now();
    const depth = this.#depth++;
    const index = this.#spans.push({ name, startMs, durationMs: 0, depth }) - 1;
    try {
      return await work();
    } finally {
      this.#depth = depth;
      this.#spans[index] = { name, startMs, durationMs: this.#now() - startMs, depth };
    }
  }

  /** Adds a step that something else timed, such as a shim. */
  add(span: Span): void {
    if (this.#on) this.#spans.push(span);
  }

  get spans(): readonly Span[] {
    return this.#spans;
  }

  #now(): number {
    return performance.now() - this.#startedAt;
  }
}
