import { type ApiClient, type Stored, keyOf } from './client.ts';
import type { ApiObject } from './resources.ts';
import { type Resource, resources } from './resources.ts';
import { apiVersionOf } from '../kind.ts';
import { writeTime } from '../time.ts';
import type { Event } from '../types/generated/core-v1.ts';
import type { Clock } from '../../base/clock.ts';
import { DomainError } from '../../base/error.ts';
import { isRefused } from './refusal.ts';

export interface RecorderOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** Events wait so long, that what they tell of goes before them; 0 where it is left out. */
  readonly behindMs?: number;
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

interface Waiting {
  readonly event: Event;
  readonly count: number;
}

/** Events told before, to be counted instead of told again. */
const mostKnown = 4096;
/** Events that wait to be written; what is dropped beyond is said, with how many they were. */
const mostWaiting = 10_000;
/** Writes under way; each waits for the disk, and many can share one sync. */
const writesAtOnce = 8;
/** So many different messages of one object and reason in ten minutes become one event. */
const mostSimilar = 10;
const similarMs = 600_000;
/** Of one source about one object: so many at once, then one in five minutes. */
const burst = 25;
const refillMs = 300_000;

/**
 * Writes events behind the work that they are about, as Kubernetes correlates them: the same one
 * again is counted, an object's many different ones of a reason become one, and of a source about
 * an object there are only so many.
 */
export class EventRecorder {
  readonly #options: RecorderOptions;
  readonly #known = new Map<string, Known>();
  readonly #spent = new Map<string, { tokens: number; at: number }>();
  /** By object and reason, the different messages of late. */
  readonly #similar = new Map<string, { readonly messages: Set<string>; atMs: number }>();
  /** By identity, in the order of their coming: the same event again only counts. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #writing = new Set<string>();
  #isDue = false;
  #dropped = 0;
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
    if (!this.#allows(`${source} ${uid}`)) return;
    const kin = [source, keyOf(about), uid, fieldPath, type, reason].join('\n');
    const isMerged = this.#isMerged(kin, message);
    const id = isMerged ? kin : `${kin}\n${message}`;
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
      message: isMerged ? `(combined from similar events): ${message}` : message,
      type,
      source: { component: source, ...(host !== undefined && { host }) },
      reportingComponent: source,
      ...(host !== undefined && { reportingInstance: host }),
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    };
    this.#add(id, event);
  }

  /** The newest words, and how often they were said. */
  #add(id: string, event: Event): void {
    const known = this.#waiting.get(id);
    if (known === undefined && this.#waiting.size >= mostWaiting) {
      this.#dropped += 1;
      return;
    }
    const { metadata, firstTimestamp } = known?.event ?? event;
    const merged = { ...event, metadata, firstTimestamp };
    this.#waiting.set(id, { event: merged, count: (known?.count ?? 0) + 1 });
    this.#beginSoon();
  }

  #beginSoon(): void {
    const { clock, behindMs = 0 } = this.#options;
    if (behindMs === 0) return this.#begin();
    if (this.#isDue) return;
    this.#isDue = true;
    clock.after(behindMs, () => {
      this.#isDue = false;
      this.#begin();
    });
  }

  /** An object of which ever other things are said would fill the store with them. */
  #isMerged(kin: string, message: string): boolean {
    const now = this.#options.clock.now();
    const known = this.#similar.get(kin);
    const isOld = known === undefined || now - known.atMs > similarMs;
    const messages = isOld ? new Set<string>() : known.messages;
    if (messages.size < mostSimilar) messages.add(message);
    this.#similar.delete(kin);
    this.#similar.set(kin, { messages, atMs: now });
    forgetOldest(this.#similar);
    return messages.size >= mostSimilar;
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

  /** One write of an event at a time: the second has to know the first. */
  #begin(): void {
    for (const [id, next] of this.#waiting) {
      if (this.#writing.size >= writesAtOnce) return;
      if (this.#writing.has(id)) continue;
      this.#waiting.delete(id);
      this.#writing.add(id);
      void this.#write(id, next);
    }
  }

  /** Never rejects. */
  async #write(id: string, next: Waiting): Promise<void> {
    try {
      await this.#put(id, next);
    } catch (error) {
      // The namespace may be on its way out, and the event with it.
      if (!isRefused(error, 'Forbidden', 'NotFound')) this.#options.onError(error);
    }
    this.#writing.delete(id);
    this.#begin();
    if (this.#waiting.size === 0 && this.#dropped > 0) this.#confess();
  }

  #confess(): void {
    const words = `${this.#dropped} events were not written: ${mostWaiting} waited already`;
    this.#dropped = 0;
    this.#options.onError(new DomainError('unavailable', words));
  }

  async #put(id: string, { event, count: more }: Waiting): Promise<void> {
    const { client } = this.#options;
    const known = this.#known.get(id);
    this.#known.delete(id);
    const count = (known?.count ?? 0) + more;
    const written =
      (known === undefined ? undefined : await this.#count(known.event, event, count)) ??
      (await client.create(resources.events, { ...event, count }));
    this.#known.set(id, { event: written, count });
    forgetOldest(this.#known);
  }

  /** Undefined when the one told before is no longer kept. */
  async #count(
    known: Stored<Event>,
    { lastTimestamp, metadata, message }: Event,
    count: number,
  ): Promise<Stored<Event> | undefined> {
    const document = { count, lastTimestamp: lastTimestamp ?? null, message: message ?? '' };
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
