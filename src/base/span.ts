import { inSpan } from './trace.ts';

/** One step of a piece of work: milliseconds from its start, and its depth below other steps. */
export interface Span {
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly depth: number;
}

/**
 * Records how long steps take, for `keelson trace`. With a recorder that is off they are spans of
 * the request, where that is traced.
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
    if (!this.#on) return inSpan(name, {}, work);
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

  get on(): boolean {
    return this.#on;
  }

  /** Steps that another process did one after the other, below the one that is under way. */
  addMarks(marks: readonly { readonly name: string; readonly atNs: bigint }[]): void {
    const startedAtMs = performance.timeOrigin + this.#startedAt;
    const times = marks.map(({ atNs }) => Number(atNs) / 1e6 - startedAtMs);
    marks.forEach(({ name }, i) => {
      const startMs = times[i - 1];
      const endMs = times[i];
      // The first says only when it all began.
      if (startMs === undefined || endMs === undefined) return;
      this.#spans.push({ name, startMs, durationMs: endMs - startMs, depth: this.#depth });
    });
  }

  get spans(): readonly Span[] {
    return this.#spans;
  }

  #now(): number {
    return performance.now() - this.#startedAt;
  }
}
