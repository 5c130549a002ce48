import { messageOf } from '../../base/error.ts';
import type { Logger } from '../../base/log.ts';
import type { ApiClient, Stored } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { localFolder, nodeOfLocalFolder } from '../../api/local-folder.ts';
import { ApiError } from '../../api/status.ts';
import type { PersistentVolume } from '../../api/types/generated/core-v1.ts';
import type { LocalFolders } from './kind/local-folder.ts';

export interface SweepOptions {
  readonly client: ApiClient | undefined;
  readonly nodeName: string;
  readonly locals: LocalFolders;
  readonly log?: Logger;
}

/**
 * Removes the folders of this node's volumes that were deleted, and says so by taking the finalizer
 * away. Nothing but such a deletion removes data: not a volume that cannot be read, nor one that is
 * not there.
 */
export class SweepLoop {
  readonly #options: SweepOptions;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** Looks at every folder once. Failures are told to the log and tried again the next time. */
  run(): Promise<void> {
    this.#running = this.#running.then(() => this.#lookAll());
    return this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #lookAll(): Promise<void> {
    const { client, locals, log } = this.#options;
    if (client === undefined) return;
    for (const name of locals.names()) {
      if (this.#closed) return;
      try {
        await this.#look(client, name);
      } catch (error) {
        if (error instanceof ApiError && ['NotFound', 'Forbidden'].includes(error.reason)) continue;
        log?.warn({ volume: name, reason: messageOf(error) }, 'a local volume cannot be looked at');
        return;
      }
    }
  }

  async #look(client: ApiClient, name: string): Promise<void> {
    const volume = await client.get(resources.persistentVolumes, { namespace: '', name });
    const { nodeName, locals } = this.#options;
    if (nodeOfLocalFolder(volume) !== nodeName || !isDeleted(volume)) return;
    await locals.remove(volume);
    const finalizers = volume.metadata.finalizers?.filter((one) => one !== localFolder.finalizer);
    const { uid, resourceVersion } = volume.metadata;
    await client.patch(
      resources.persistentVolumes,
      { namespace: '', name },
      {
        type: 'merge',
        document: { metadata: { uid, resourceVersion, finalizers: finalizers ?? [] } },
      },
    );
  }
}

/** Deleted for good and used by nobody: who protects a volume in use takes his finalizer last. */
function isDeleted({ metadata, spec }: Stored<PersistentVolume>): boolean {
  const { deletionTimestamp, finalizers = [] } = metadata;
  return (
    deletionTimestamp !== undefined &&
    spec.persistentVolumeReclaimPolicy === 'Delete' &&
    finalizers.length === 1 &&
    finalizers[0] === localFolder.finalizer
  );
}
