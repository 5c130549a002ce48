import type { Clock } from '../../base/clock.ts';
import type { ApiClient } from './client.ts';
import type { ApiObject } from './resources.ts';
import { Informer, type InformerOptions } from './informer.ts';
import type { Resource } from './resources.ts';

export interface SharedInformersOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly onError: (what: string, error: unknown) => void;
}

/** How a resource is wanted: by which indexes, and what of each object. */
export type Wanted<T extends ApiObject> = Pick<InformerOptions<T>, 'indexes' | 'keep'>;

/**
 * One cache of each resource for all that works in a process: an object is read, decoded and kept
 * once. Whoever wants whole objects says so before {@link run}, and gets them.
 */
export class SharedInformers {
  readonly #options: SharedInformersOptions;
  readonly #informers = new Map<string, Informer<ApiObject>>();
  readonly #ends = new Map<string, AbortController>();
  #running: AbortSignal | undefined;

  constructor(options: SharedInformersOptions) {
    this.#options = options;
  }

  informer<T extends ApiObject>(resource: Resource<T>, wanted: Wanted<T> = {}): Informer<T> {
    const known = this.find(resource);
    if (known !== undefined) {
      known.widen(wanted);
      return known;
    }
    const { client, clock, onError } = this.#options;
    const informer = new Informer<T>({
      client,
      clock,
      resource,
      ...wanted,
      onError: (error) => onError(`watch of ${resource.kind.plural}`, error),
    });
    this.#informers.set(resource.kind.prefix, informer as unknown as Informer<ApiObject>);
    if (this.#running !== undefined) void this.#run(informer.resource.kind.prefix, this.#running);
    return informer;
  }

  /** Of what is not served any more. */
  drop({ kind }: Resource<ApiObject>): void {
    this.#ends.get(kind.prefix)?.abort();
    this.#ends.delete(kind.prefix);
    this.#informers.get(kind.prefix)?.forgetAll();
    this.#informers.delete(kind.prefix);
  }

  find<T extends ApiObject>({ kind }: Resource<T>): Informer<T> | undefined {
    return this.#informers.get(kind.prefix) as Informer<T> | undefined;
  }

  byPrefix(prefix: string): Informer<ApiObject> | undefined {
    return this.#informers.get(prefix);
  }

  /** Follows all of them, and those that are wanted later, until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    this.#running = signal;
    await Promise.all([...this.#informers.keys()].map((prefix) => this.#run(prefix, signal)));
  }

  async #run(prefix: string, signal: AbortSignal): Promise<void> {
    const ending = new AbortController();
    this.#ends.set(prefix, ending);
    await this.#informers.get(prefix)?.run(AbortSignal.any([signal, ending.signal]));
  }
}
