import { randomBytes } from 'node:crypto';

export type Attributes = Readonly<Record<string, string | number>>;

/** A step of a request that is over; times in milliseconds since 1970. */
export interface FinishedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: 'server' | 'client' | 'internal';
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** Undefined where it succeeded. */
  readonly error: string | undefined;
}

/** Takes steps as they end; never waits and never throws. */
export type SpanSink = (span: FinishedSpan) => void;

interface Begin {
  readonly traceId: string;
  readonly parentSpanId?: string | undefined;
  readonly name: string;
  readonly kind: FinishedSpan['kind'];
  readonly attributes?: Attributes | undefined;
}

/** A step that is under way. */
export class LiveSpan {
  readonly spanId = randomBytes(8).toString('hex');
  readonly #begin: Begin;
  readonly #sink: SpanSink;
  readonly #startMs = nowMs();

  constructor(begin: Begin, sink: SpanSink) {
    this.#begin = begin;
    this.#sink = sink;
  }

  child(name: string, attributes: Attributes = {}): LiveSpan {
    const { traceId } = this.#begin;
    const begin = { traceId, parentSpanId: this.spanId, name, attributes };
    return new LiveSpan({ ...begin, kind: 'internal' }, this.#sink);
  }

  end(error?: string, attributes: Attributes = {}): void {
    const { traceId, parentSpanId, name, kind, attributes: first } = this.#begin;
    this.#sink({
      traceId,
      spanId: this.spanId,
      parentSpanId,
      name,
      kind,
      startMs: this.#startMs,
      endMs: nowMs(),
      attributes: { ...first, ...attributes },
      error,
    });
  }
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
