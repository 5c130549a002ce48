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
 * once. All who want one say so before {@link run}; whoever wants whole objects gets them.
 */
export class SharedInformers {
  readonly #options: SharedInformersOptions;
  readonly #informers = new Map<string, Informer<ApiObject>>();

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
    return informer;
  }

  find<T extends ApiObject>({ kind }: Resource<T>): Informer<T> | undefined {
    return this.#informers.get(kind.prefix) as Informer<T> | undefined;
  }

  byPrefix(prefix: string): Informer<ApiObject> | undefined {
    return this.#informers.get(prefix);
  }

  /** Follows all of them until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.run(signal)));
  }
}
