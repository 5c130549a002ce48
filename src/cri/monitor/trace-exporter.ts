import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { messageOf } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import type { MetricRegistry } from '../../base/metric-registry.ts';
import type { FinishedSpan } from '../../base/live-span.ts';
import { Wakeup } from '../../base/wakeup.ts';
import { encodeSpans } from './encode-spans.ts';

export interface TraceExporterOptions {
  /** `http://127.0.0.1:4318/v1/traces` */
  readonly endpoint: string;
  readonly version: string;
  readonly registry: MetricRegistry;
  readonly log: Logger;
}

/**
 * Sends spans to an OpenTelemetry collector (OTLP over HTTP, as JSON). Work never waits for it: a
 * collector that is slow or gone costs a bounded queue, and what does not fit is counted.
 */
export class TraceExporter {
  readonly #options: TraceExporterOptions;
  readonly #full = new Wakeup();
  readonly #stop = new AbortController();
  readonly #work: Promise<void>;
  readonly #ended;
  #queue: FinishedSpan[] = [];
  #failing = false;

  constructor(options: TraceExporterOptions) {
    this.#options = options;
    this.#ended = options.registry.counter({
      name: 'keelson_trace_spans_total',
      help: 'Spans that were sent, or dropped because the collector did not take them',
      labels: ['result'],
    });
    for (const result of ['sent', 'dropped']) this.#ended.add(0, [result]);
    this.#work = this.#serve();
  }

  take(span: FinishedSpan): void {
    if (this.#queue.length >= limits.traceQueue) {
      this.#ended.add(1, ['dropped']);
      return;
    }
    this.#queue.push(span);
    if (this.#queue.length === limits.traceBatch) this.#full.wake();
  }

  /** Sends what is there, but waits for no collector. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#full.wake();
    await Promise.race([this.#work, sleep(limits.traceCloseMs, undefined, { ref: false })]);
  }

  /** One batch after the other: a collector that does not answer has one request to answer. */
  async #serve(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (this.#queue.length < limits.traceBatch) await this.#full.wait(limits.traceIntervalMs);
      await this.#sendAll();
    }
  }

  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, limits.traceBatch);
      this.#queue = this.#queue.slice(limits.traceBatch);
      const sent = await this.#send(batch);
      this.#ended.add(batch.length, [sent ? 'sent' : 'dropped']);
      // The rest waits, within its bound, for the next interval.
      if (!sent) return;
    }
  }

  /** A collector that is down is said once, and once that it is back. */
  async #send(batch: readonly FinishedSpan[]): Promise<boolean> {
    const { endpoint, version, log } = this.#options;
    try {
      const { statusCode, body } = await request(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': `keelson/${version}` },
        body: JSON.stringify(encodeSpans(batch, version)),
        signal: AbortSignal.timeout(limits.traceSendMs),
      });
      await body.dump({ limit: limits.traceAnswerBytes });
      if (statusCode >= 300) throw new Error(`HTTP status ${statusCode}`);
      if (this.#failing) log.info({ endpoint }, 'traces are taken again');
      this.#failing = false;
      return true;
    } catch (error) {
      if (!this.#failing) log.warn({ endpoint, why: messageOf(error) }, 'traces are not taken');
      this.#failing = true;
      return false;
    }
  }
}
