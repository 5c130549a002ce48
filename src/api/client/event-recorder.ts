import { type ApiClient, type ApiObject, type Stored, keyOf } from './client.ts';
import { type Resource, resources } from './resources.ts';
import { apiVersionOf } from '../kind.ts';
import { writeTime } from '../time.ts';
import type { Event } from '../types/generated/core-v1.ts';
import type { Clock } from '../../base/clock.ts';
import { isRefused } from './refusal.ts';

export interface RecorderOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** What happened to an object, as `kubectl describe` shows it. */
export interface Happening {
  /** The controller that tells. */
  readonly source: string;
  /** The node that it tells of, and which part of the object: `spec.containers{web}`. */
  readonly host?: string;
  readonly fieldPath?: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

interface Known {
  readonly event: Stored<Event>;
  readonly count: number;
}

/** Events told before, to be counted instead of told again. */
const mostKnown = 4096;
/** Events that wait to be written; more are dropped, as they are only words. */
const mostWaiting = 2048;
/** Of one source about one object: so many at once, then one in five minutes. */
const burst = 25;
const refillMs = 300_000;

/** Writes events, one after the other and behind the work that they are about. */
export class EventRecorder {
  readonly #options: RecorderOptions;
  readonly #known = new Map<string, Known>();
  readonly #spent = new Map<string, { tokens: number; at: number }>();
  readonly #waiting: { readonly id: string; readonly event: Event }[] = [];
  #writing = false;
  #serial = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  tell<T extends ApiObject>(
    { kind }: Resource<T>,
    about: Stored<T>,
    { source, host, fieldPath, type, reason, message }: Happening,
  ): void {
    const { namespace, name, uid, resourceVersion } = about.metadata;
    if (this.#waiting.length >= mostWaiting || !this.#allows(`${source} ${uid}`)) return;
    const time = writeTime(Math.floor(this.#options.clock.now() / 1000));
    this.#serial += 1;
    const suffix = (this.#options.clock.now() * 1000 + (this.#serial % 1000)).toString(16);
    const event: Event = {
      // What happens to things without a namespace is told in `default`.
      metadata: { namespace: namespace ?? 'default', name: `${name}.${suffix}` },
      involvedObject: {
        kind: kind.kind,
        apiVersion: apiVersionOf(kind),
        namespace,
        name,
        uid,
        resourceVersion,
        ...(fieldPath !== undefined && { fieldPath }),
      },
      reason,
      message,
      type,
      source: { component: source, ...(host !== undefined && { host }) },
      reportingComponent: source,
      ...(host !== undefined && { reportingInstance: host }),
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    };
    this.#waiting.push({
      id: [source, keyOf(about), uid, fieldPath, type, reason, message].join('\n'),
      event,
    });
    if (!this.#writing) void this.#write();
  }

  #allows(key: string): boolean {
    const now = this.#options.clock.now();
    const known = this.#spent.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, known.tokens + (now - known.at) / refillMs);
    this.#spent.delete(key);
    this.#spent.set(key, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
    forgetOldest(this.#spent);
    return tokens >= 1;
  }

  async #write(): Promise<void> {
    this.#writing = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        await this.#put(next.id, next.event);
      } catch (error) {
        // The namespace may be on its way out, and the event with it.
        if (!isRefused(error, 'Forbidden', 'NotFound')) this.#options.onError(error);
      }
    }
    this.#writing = false;
  }

  async #put(id: string, event: Event): Promise<void> {
    const { client } = this.#options;
    const known = this.#known.get(id);
    this.#known.delete(id);
    const count = (known?.count ?? 0) + 1;
    const written =
      (known === undefined ? undefined : await this.#count(known.event, event, count)) ??
      (await client.create(resources.events, { ...event, count }));
    this.#known.set(id, { event: written, count });
    forgetOldest(this.#known);
  }

  /** Undefined when the one told before is no longer kept. */
  async #count(
    known: Stored<Event>,
    { lastTimestamp, metadata }: Event,
    count: number,
  ): Promise<Stored<Event> | undefined> {
    const document = { count, lastTimestamp: lastTimestamp ?? null };
    const name = { namespace: metadata.namespace ?? '', name: known.metadata.name };
    try {
      return await this.#options.client.patch(resources.events, name, { type: 'merge', document });
    } catch (error) {
      if (isRefused(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size <= mostKnown) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
