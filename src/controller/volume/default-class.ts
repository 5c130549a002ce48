import { isRefused } from '../../api/client/refusal.ts';
import { resources } from '../../api/client/resources.ts';
import { localFolder } from '../../api/local-folder.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import type { WorkQueue } from '../work-queue.ts';

/**
 * Makes the StorageClass of folders on nodes where a cluster has none at all, as its default: once
 * at the start, so that whoever deletes it is rid of it until the next.
 */
export class DefaultClass implements Controller {
  readonly name = 'default-storageclass-controller';
  readonly #cluster: Cluster;
  readonly #classes;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#classes = cluster.informer(resources.storageClasses);
  }

  get needs() {
    return [this.#classes];
  }

  watch(queue: WorkQueue): void {
    queue.add(localFolder.className);
  }

  async reconcile(name: string): Promise<undefined> {
    if (this.#classes.list().length > 0) return;
    try {
      await this.#cluster.create(resources.storageClasses, {
        metadata: {
          name,
          annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
        },
        provisioner: localFolder.provisioner,
        reclaimPolicy: 'Delete',
        volumeBindingMode: 'WaitForFirstConsumer',
      });
    } catch (error) {
      if (!isRefused(error, 'AlreadyExists')) throw error;
    }
  }
}
