import type { Logger } from '../base/log.ts';
import type { RuntimeConfig } from '../cri/config.ts';
import type { RuntimeMetrics } from '../cri/monitor/metrics.ts';
import { TraceExporter } from '../cri/monitor/trace-exporter.ts';
import { Tracer } from '../cri/monitor/tracer.ts';
import { packageVersion } from './package-version.ts';

export interface Tracing {
  /** Undefined where nothing is traced. */
  readonly tracer: Tracer | undefined;
  close(): Promise<void>;
}

/** Traces as the configuration has them; without an endpoint nothing of it costs anything. */
export function openTracing(
  config: RuntimeConfig,
  { log, metrics }: { readonly log: Logger; readonly metrics: RuntimeMetrics },
): Tracing {
  if (config.tracingEndpoint === '') return { tracer: undefined, close: async () => undefined };
  const { registry } = metrics;
  const endpoint = wholeEndpoint(config.tracingEndpoint);
  const exporter = new TraceExporter({ endpoint, version: packageVersion(), registry, log });
  const tracer = new Tracer({
    samplingRatePerMillion: Number(config.tracingRate),
    sink: (span) => exporter.take(span),
  });
  return { tracer, close: () => exporter.close() };
}

/** A collector's address alone means its usual path. */
function wholeEndpoint(address: string): string {
  const url = new URL(address);
  if (url.pathname === '/') url.pathname = '/v1/traces';
  return url.href;
}
