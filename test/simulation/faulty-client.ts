import {
  type ApiClient,
  type DeleteOptions,
  type ListOptions,
  nameOf,
  type ObjectName,
  type ObjectPatch,
  type Stored,
  type WatchEvent,
  type WatchOptions,
} from '../../src/api/client/client.ts';
import type { ApiObject } from '../../src/api/client/resources.ts';
import type { Resource } from '../../src/api/client/resources.ts';
import type { JsonObject } from '../../src/api/json.ts';
import { ApiError } from '../../src/api/status.ts';
import { type Clock, sleep } from '../../src/base/clock.ts';
import type { Random } from './random.ts';

/** How often what goes wrong; each from 0 to 1. */
export interface Faults {
  /** A call is refused before the server has done it. */
  readonly refused: number;
  /** The server has done it, and the answer is lost. */
  readonly lostAnswer: number;
  /** An event comes seconds late, and all after it. */
  readonly lateEvent: number;
  readonly doubledEvent: number;
  /** Some events are lost, and the watch breaks. */
  readonly brokenWatch: number;
  /** Somebody else changes an object in the moment before it is updated. */
  readonly conflict: number;
  /** The process dies before or after a write. */
  readonly crash: number;
}

export const noFaults: Faults = {
  refused: 0,
  lostAnswer: 0,
  lateEvent: 0,
  doubledEvent: 0,
  brokenWatch: 0,
  conflict: 0,
  crash: 0,
};

export interface FaultyOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Asked each time, so that faults can end. */
  readonly faults: () => Faults;
  readonly isAlive: () => boolean;
  readonly onCrash: () => void;
}

/** The API over a bad network, for one process that may die between any two writes. */
export class FaultyClient implements ApiClient {
  readonly #inner: ApiClient;
  readonly #options: FaultyOptions;

  constructor(inner: ApiClient, options: FaultyOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  get<T extends ApiObject>(resource: Resource<T>, name: ObjectName): Promise<Stored<T>> {
    return this.#call(() => this.#inner.get(resource, name));
  }

  list<T extends ApiObject>(resource: Resource<T>, options?: ListOptions) {
    return this.#call(() => this.#inner.list(resource, options));
  }

  async *watch<T extends ApiObject>(
    resource: Resource<T>,
    options: WatchOptions,
  ): AsyncGenerator<readonly WatchEvent<T>[]> {
    const { random, faults, clock } = this.#options;
    for await (const events of this.#inner.watch(resource, options)) {
      for (const event of events) {
        const { lateEvent, doubledEvent, brokenWatch } = faults();
        await this.#wait(random.chance(lateEvent) ? random.below(8000) : random.below(20));
        if (options.signal.aborted) return;
        if (random.chance(brokenWatch)) {
          await sleep(clock, random.below(2000), options.signal);
          throw random.chance(0.5)
            ? new ApiError('Expired', 'too old resource version')
            : new Error('connection reset');
        }
        yield [event];
        if (random.chance(doubledEvent)) yield [event];
      }
    }
  }

  create<T extends ApiObject>(resource: Resource<T>, object: T): Promise<Stored<T>> {
    return this.#write(() => this.#inner.create(resource, object));
  }

  update<T extends ApiObject>(resource: Resource<T>, object: Stored<T>): Promise<Stored<T>> {
    return this.#write(async () => {
      await this.#interfere(resource, object);
      return await this.#inner.update(resource, object);
    });
  }

  updateStatus<T extends ApiObject>(resource: Resource<T>, object: Stored<T>): Promise<Stored<T>> {
    return this.#write(async () => {
      await this.#interfere(resource, object);
      return await this.#inner.updateStatus(resource, object);
    });
  }

  patch<T extends ApiObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: ObjectPatch,
  ): Promise<Stored<T>> {
    return this.#write(() => this.#inner.patch(resource, name, patch));
  }

  delete<T extends ApiObject>(
    resource: Resource<T>,
    name: ObjectName,
    options?: DeleteOptions,
  ): Promise<void> {
    return this.#write(() => this.#inner.delete(resource, name, options));
  }

  post<T extends ApiObject>(
    resource: Resource<T>,
    name: Parameters<ApiClient['post']>[1],
    body: JsonObject,
  ): Promise<JsonObject> {
    return this.#write(() => this.#inner.post(resource, name, body));
  }

  async #interfere<T extends ApiObject>(resource: Resource<T>, object: Stored<T>): Promise<void> {
    const { random, faults } = this.#options;
    if (!random.chance(faults().conflict)) return;
    const annotations = { 'example.com/seen': String(random.below(1e9)) };
    const patch = { type: 'merge', document: { metadata: { annotations } } } as const;
    // What is gone or on its way out is left alone.
    await this.#inner.patch(resource, nameOf(object), patch).catch(() => undefined);
  }

  async #write<R>(work: () => Promise<R>): Promise<R> {
    const { random, faults } = this.#options;
    return await this.#call(async () => {
      if (random.chance(faults().crash / 2)) await this.#die();
      const result = await work();
      if (random.chance(faults().crash / 2)) await this.#die();
      return result;
    });
  }

  async #call<R>(work: () => Promise<R>): Promise<R> {
    const { random, faults } = this.#options;
    await this.#wait(random.below(15));
    if (random.chance(faults().refused)) {
      throw random.chance(0.5)
        ? new ApiError('TooManyRequests', 'the server has asked for the client to slow down')
        : new Error('connection refused');
    }
    // What the server does, it does; what it answers comes later, or never.
    const outcome = await work().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    await this.#wait(random.below(15));
    if (random.chance(faults().lostAnswer)) throw new ApiError('Timeout', 'no answer in time');
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  async #wait(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => this.#options.clock.after(delayMs, resolve));
    if (!this.#options.isAlive()) await new Promise(() => undefined);
  }

  async #die(): Promise<never> {
    this.#options.onCrash();
    return await new Promise<never>(() => undefined);
  }
}
