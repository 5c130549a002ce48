import { type ApiClient, type Stored } from '../../api/client/client.ts';
import { isRefused } from '../../api/client/refusal.ts';
import { resources } from '../../api/client/resources.ts';
import { writeMicroTime } from '../../api/time.ts';
import type { Lease } from '../../api/types/generated/coordination-v1.ts';
import type { Node } from '../../api/types/generated/core-v1.ts';
import type { Clock } from '../../base/clock.ts';

const namespace = 'kube-node-lease';

export interface LeaseOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly name: string;
  readonly durationSeconds: number;
  readonly node: () => Stored<Node> | undefined;
}

/** The node's sign of life: small, so that it can be given often. */
export class NodeLease {
  readonly #options: LeaseOptions;
  #known: Stored<Lease> | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Writes the time of now. What somebody else wrote is read first, and then written over. */
  async renew(): Promise<void> {
    const { client, name } = this.#options;
    this.#known ??= await client.get(resources.leases, { namespace, name }).catch((error) => {
      if (isRefused(error, 'NotFound')) return undefined;
      throw error;
    });
    try {
      this.#known =
        this.#known === undefined
          ? await client.create(resources.leases, this.#lease())
          : await client.update(resources.leases, { ...this.#known, ...this.#lease(this.#known) });
    } catch (error) {
      this.#known = undefined;
      throw error;
    }
  }

  #lease(known?: Stored<Lease>): Lease & Pick<Stored<Lease>, 'metadata'> {
    const { clock, name, durationSeconds, node } = this.#options;
    const now = clock.now();
    const seconds = Math.floor(now / 1000);
    const owner = node();
    const metadata = {
      ...known?.metadata,
      name,
      namespace,
      ...(owner !== undefined && {
        ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: owner.metadata.uid }],
      }),
    };
    return {
      metadata: metadata as Stored<Lease>['metadata'],
      spec: {
        ...known?.spec,
        holderIdentity: name,
        leaseDurationSeconds: durationSeconds,
        renewTime: writeMicroTime(seconds, (now % 1000) * 1000),
      },
    };
  }
}
