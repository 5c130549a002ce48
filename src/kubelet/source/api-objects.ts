import type { ApiClient, Stored } from '../../api/client/client.ts';
import type { ApiObject } from '../../api/client/resources.ts';
import { isRefused } from '../../api/client/refusal.ts';
import { type Resource, resources } from '../../api/client/resources.ts';
import { ApiError } from '../../api/status.ts';
import type { ConfigMap, Pod, Secret } from '../../api/types/generated/core-v1.ts';
import type { RuntimeClass } from '../../api/types/generated/node-v1.ts';
import { DomainError } from '../../base/error.ts';

/** Objects remembered for when the server is away; the oldest goes first. */
const mostRemembered = 1024;

/** What pods refer to, as it is now; as it was last, while the server does not answer. */
export class ApiObjects {
  readonly #client: ApiClient | undefined;
  readonly #remembered = new Map<string, ApiObject>();

  constructor(client: ApiClient | undefined) {
    this.#client = client;
  }

  configMap(namespace: string, name: string): Promise<ConfigMap | undefined> {
    return this.#read(resources.configMaps, namespace, name);
  }

  secret(namespace: string, name: string): Promise<Secret | undefined> {
    return this.#read(resources.secrets, namespace, name);
  }

  runtimeClass(name: string): Promise<RuntimeClass | undefined> {
    return this.#read(resources.runtimeClasses, '', name);
  }

  /** For good: the node has nothing of it any more. */
  async deletePod({ metadata: { namespace = '', name, uid } }: Stored<Pod>): Promise<void> {
    const options = { gracePeriodSeconds: 0, preconditions: { uid } };
    await this.#client?.delete(resources.pods, { namespace, name }, options);
  }

  async #read<T extends ApiObject>(
    resource: Resource<T>,
    namespace: string,
    name: string,
  ): Promise<T | undefined> {
    const { kind } = resource.kind;
    if (this.#client === undefined) {
      throw new DomainError('unavailable', `${kind} "${name}": there is no API server`);
    }
    const key = `${kind}/${namespace}/${name}`;
    try {
      const object: Stored<T> = await this.#client.get(resource, { namespace, name });
      this.#remember(key, object);
      return object;
    } catch (error) {
      if (isRefused(error, 'NotFound')) {
        this.#remembered.delete(key);
        return undefined;
      }
      const last = this.#remembered.get(key);
      const isAway = !(error instanceof ApiError) || error.code >= 500;
      if (isAway && last !== undefined) return last as T;
      throw error;
    }
  }

  #remember(key: string, object: ApiObject): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, object);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > mostRemembered && oldest !== undefined) {
      this.#remembered.delete(oldest);
    }
  }
}
