import { type ApiClient, type Stored } from '../../api/client/client.ts';
import { Informer } from '../../api/client/informer.ts';
import { isRefused } from '../../api/client/refusal.ts';
import { resources } from '../../api/client/resources.ts';
import type { JsonObject } from '../../api/json.ts';
import type { Node, NodeStatus } from '../../api/types/generated/core-v1.ts';
import type { Clock } from '../../base/clock.ts';
import { labelPatch, newNode, type NodeIdentity } from './node-object.ts';

export interface RegistrationOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly identity: NodeIdentity;
  readonly failed: (error: unknown) => void;
  /** The Node is there, is gone or is another one. */
  readonly changed: () => void;
}

/** The Node at the server: what is known of it, and writes to it. */
export class Registration {
  readonly #options: RegistrationOptions;
  readonly #informer: Informer<Node>;

  constructor(options: RegistrationOptions) {
    const { client, clock, identity, failed, changed } = options;
    this.#options = options;
    this.#informer = new Informer<Node>({
      client,
      clock,
      resource: resources.nodes,
      fieldSelector: `metadata.name=${identity.name}`,
      onError: failed,
    });
    this.#informer.onChange((now, before) => {
      if (now?.metadata.uid !== before?.metadata.uid) changed();
    });
  }

  node(): Stored<Node> | undefined {
    return this.#informer.get('', this.#options.identity.name);
  }

  follow(signal: AbortSignal): Promise<void> {
    return this.#informer.run(signal);
  }

  /** Makes the Node, or takes the one that is there; with the labels that are ours. */
  async ensure(status: NodeStatus): Promise<void> {
    const { client, identity } = this.#options;
    const name = { namespace: '', name: identity.name };
    const known = await client.get(resources.nodes, name).catch((error: unknown) => {
      if (isRefused(error, 'NotFound')) return undefined;
      throw error;
    });
    if (known === undefined) {
      this.#informer.learn(await client.create(resources.nodes, newNode(identity, status)));
      return;
    }
    const document = labelPatch(known, identity);
    this.#informer.learn(
      document === undefined
        ? known
        : await client.patch(resources.nodes, name, { type: 'merge', document }),
    );
  }

  /** Changes the status, where strategic merging leaves what others wrote there. */
  async patchStatus(document: JsonObject): Promise<void> {
    const { client, identity } = this.#options;
    const patch = { type: 'strategic', document, subresource: 'status' } as const;
    const name = { namespace: '', name: identity.name };
    this.#informer.learn(await client.patch(resources.nodes, name, patch));
  }
}
