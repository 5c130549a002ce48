import { hostname } from 'node:os';
import type { FinishedSpan } from '../../base/live-span.ts';
import type { Attributes } from '../../base/live-span.ts';

/** SpanKind and Status of opentelemetry/proto/trace/v1/trace.proto. */
const kinds = { internal: 1, server: 2, client: 3 } as const;
const statusError = 2;

/** An ExportTraceServiceRequest in OTLP's JSON: ids in hexadecimal, 64-bit numbers as texts. */
export function encodeSpans(spans: readonly FinishedSpan[], version: string): object {
  const resource = {
    'service.name': 'keelson-runtime',
    'service.version': version,
    'host.name': hostname(),
    'process.pid': process.pid,
  };
  return {
    resourceSpans: [
      {
        resource: { attributes: encodeAttributes(resource) },
        scopeSpans: [{ scope: { name: 'keelson', version }, spans: spans.map(encodeSpan) }],
      },
    ],
  };
}

function encodeSpan(span: FinishedSpan): object {
  const { traceId, spanId, parentSpanId, name, kind, error } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanoseconds(span.startMs),
    endTimeUnixNano: nanoseconds(span.endMs),
    attributes: encodeAttributes(span.attributes),
    ...(error === undefined ? {} : { status: { code: statusError, message: error } }),
  };
}

function encodeAttributes(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));
}

/** To the microsecond, which is what the clock gives. */
function nanoseconds(ms: number): string {
  return `${BigInt(Math.round(ms * 1000))}000`;
}
