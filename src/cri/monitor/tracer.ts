import { randomBytes, randomInt } from 'node:crypto';
import { LiveSpan } from '../../base/live-span.ts';
import type { SpanSink } from '../../base/live-span.ts';

export interface TracerOptions {
  /** Of a million requests whose caller does not say. */
  readonly samplingRatePerMillion: number;
  readonly sink: SpanSink;
}

/** Decides which requests are traced, and begins their first span. */
export class Tracer {
  readonly #options: TracerOptions;

  constructor(options: TracerOptions) {
    this.#options = options;
  }

  /**
   * `path` is gRPC's `/runtime.v1.RuntimeService/Version`. The caller's `traceparent` decides;
   * where there is none, or a malformed one, chance does.
   */
  begin(path: string, traceparent: string | undefined): LiveSpan | undefined {
    const parent = parseTraceparent(traceparent ?? '');
    const { samplingRatePerMillion, sink } = this.#options;
    const sampled = parent?.sampled ?? randomInt(1_000_000) < samplingRatePerMillion;
    if (!sampled) return undefined;
    const [, service = '', method = ''] = path.split('/');
    return new LiveSpan(
      {
        traceId: parent?.traceId ?? randomBytes(16).toString('hex'),
        parentSpanId: parent?.spanId,
        name: `${service}/${method}`,
        kind: 'server',
        attributes: { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method },
      },
      sink,
    );
  }
}

interface Parent {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

/** W3C Trace Context: https://www.w3.org/TR/trace-context/#traceparent-header */
export function parseTraceparent(header: string): Parent | undefined {
  const found = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-|$)/.exec(header);
  if (found === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', end] = found;
  // Later versions may have more after the flags; this one has not.
  if (version === 'ff' || (version === '00' && (end !== '' || header.length !== 55))) {
    return undefined;
  }
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
