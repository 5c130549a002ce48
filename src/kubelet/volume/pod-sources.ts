import type { Clock } from '../../base/clock.ts';
import { DomainError, isDomainError, messageOf } from '../../base/error.ts';
import type { Stored } from '../../api/client/client.ts';
import type { ApiObject } from '../../api/client/resources.ts';
import { type Resource, resources } from '../../api/client/resources.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import type { PodVolumesOptions } from './options.ts';
import type { Sources } from './payload/collect.ts';
import { Tokens } from './tokens.ts';
import { WatchedObjects } from './watched-objects.ts';

/** What volumes of pods are made from, by the API. */
export class PodSources {
  readonly #options: PodVolumesOptions;
  readonly #objects: WatchedObjects | undefined;
  readonly #tokens: Tokens | undefined;

  constructor(options: PodVolumesOptions, clock: Clock, onChange: (uid: string) => void) {
    this.#options = options;
    const { client } = options;
    this.#objects = client && new WatchedObjects({ client, clock, onChange });
    this.#tokens = client && new Tokens(client, clock);
  }

  /**
   * For one volume of a pod. `written` gives the text of a file that the volume has now; `isNew`
   * asks the server, where else what a watch told would do.
   */
  of(pod: Stored<Pod>, written: (path: string) => string | undefined, isNew: boolean): Sources {
    const { namespace = '', uid } = pod.metadata;
    const read = async <T extends ApiObject>(resource: Resource<T>, name: string) => {
      const objects = connected(this.#objects);
      const place = { namespace, name };
      return await told(
        isNew ? objects.read(resource, place, uid) : objects.recall(resource, place, uid),
      );
    };
    return {
      pod,
      allocatable: this.#options.allocatable(),
      configMap: (name) => read(resources.configMaps, name),
      secret: (name) => read(resources.secrets, name),
      token: async (projection) =>
        await told(connected(this.#tokens).issue(pod, projection, written(projection.path))),
    };
  }

  dueTokens(): readonly string[] {
    return this.#tokens?.due() ?? [];
  }

  forget(uid: string): void {
    this.#objects?.release(uid);
    this.#tokens?.forget(uid);
  }

  async close(): Promise<void> {
    await this.#objects?.close();
  }
}

function connected<T>(part: T | undefined): T {
  if (part !== undefined) return part;
  throw new DomainError('unavailable', 'there is no API server to ask');
}

/** Whatever the server or the way to it refuses for now may be granted later. */
async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (isDomainError(error)) throw error;
    throw new DomainError('unavailable', messageOf(error), { cause: error });
  }
}
