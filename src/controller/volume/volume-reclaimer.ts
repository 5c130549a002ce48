import { keyOf } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import { localFolder, nodeOfLocalFolder, provisionedBy } from '../../api/local-folder.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import type { Claim, Volume } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';
import { setVolumePhase } from './bind.ts';
import { binder, boundByController } from './names.ts';

/** Says what becomes of each volume: free, bound, released by its claim; and reclaims it then. */
export class VolumeReclaimer implements Controller {
  readonly name = 'persistentvolume-reclaimer-controller';
  readonly #cluster: Cluster;
  readonly #claims;
  readonly #volumes;
  readonly #nodes;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#claims = cluster.informer(resources.persistentVolumeClaims);
    this.#volumes = cluster.informer(resources.persistentVolumes);
    this.#nodes = cluster.informer(resources.nodes);
  }

  get needs() {
    return [this.#claims, this.#volumes, this.#nodes];
  }

  watch(queue: WorkQueue): void {
    this.#volumes.onChange((now) => (now === undefined ? undefined : queue.add(keyOf(now))));
    this.#claims.onChange((now, before) => {
      for (const name of [now?.spec.volumeName, before?.spec.volumeName]) {
        if (name !== undefined && name !== '') queue.add(name);
      }
      if (now !== undefined) return;
      for (const volume of this.#volumes.list()) {
        if (volume.spec.claimRef?.uid === before?.metadata.uid) queue.add(keyOf(volume));
      }
    });
    this.#nodes.onChange((now, before) => {
      if (now !== undefined || before === undefined) return;
      for (const volume of this.#volumes.list()) {
        if (nodeOfLocalFolder(volume) === before.metadata.name) queue.add(keyOf(volume));
      }
    });
  }

  async reconcile(name: string): Promise<undefined> {
    const volume = this.#volumes.get('', name);
    if (volume === undefined) return;
    const { claimRef } = volume.spec;
    const { deletionTimestamp } = volume.metadata;
    // A volume that waits for a claim of this name has no uid yet.
    if (claimRef === undefined || (claimRef.uid ?? '') === '') {
      if (deletionTimestamp === undefined) {
        await setVolumePhase(this.#cluster, volume, { phase: 'Available' });
      } else await this.#forgetFolder(volume);
      return;
    }
    const claim = await this.#claimOf(volume);
    if (claim === undefined) await this.#release(volume);
    else if (claim.spec.volumeName === name) {
      await setVolumePhase(this.#cluster, volume, { phase: 'Bound' });
    } else if ((claim.spec.volumeName ?? '') !== '') await this.#unbind(volume);
  }

  /** The claim the volume is for; a look at the server before it is said to be gone. */
  async #claimOf({ spec }: Volume): Promise<Claim | undefined> {
    const { namespace = '', name = '', uid } = spec.claimRef ?? {};
    const known = this.#claims.get(namespace, name);
    if (known?.metadata.uid === uid) return known;
    const fresh = await this.#claims.refresh(namespace, name);
    return fresh?.metadata.uid === uid ? fresh : undefined;
  }

  /** The claim was bound elsewhere. */
  async #unbind(volume: Volume): Promise<void> {
    if (isProvisioned(volume) && volume.spec.persistentVolumeReclaimPolicy === 'Delete') {
      return await this.#release(volume);
    }
    const { claimRef, ...spec } = volume.spec;
    const { [boundByController]: byController, ...annotations } = volume.metadata.annotations ?? {};
    const { uid: _uid, resourceVersion: _version, ...reserved } = claimRef ?? {};
    const isOurs = byController !== undefined;
    const freed = await this.#cluster.update(resources.persistentVolumes, {
      ...volume,
      metadata: { ...volume.metadata, annotations },
      spec: isOurs ? spec : { ...spec, claimRef: reserved },
    });
    await setVolumePhase(this.#cluster, freed, { phase: 'Available' });
  }

  async #release(volume: Volume): Promise<void> {
    if (volume.status?.phase === 'Failed') return;
    const released = await setVolumePhase(this.#cluster, volume, { phase: 'Released' });
    const { persistentVolumeReclaimPolicy: policy = 'Retain' } = released.spec;
    if (policy === 'Retain') return;
    const { deletionTimestamp, name } = released.metadata;
    if (policy === 'Delete' && isProvisioned(released)) {
      // Other provisioners delete theirs themselves.
      if (deletionTimestamp !== undefined) await this.#forgetFolder(released);
      else if (nodeOfLocalFolder(released) !== undefined) {
        await this.#cluster.delete(resources.persistentVolumes, released);
      }
      return;
    }
    const failed = `error getting deleter volume plugin for volume "${name}"`;
    const message =
      policy === 'Delete'
        ? `${failed}: no deletable volume plugin matched`
        : 'No recycler plugin found for the volume!';
    const reason = policy === 'Delete' ? 'VolumeFailedDelete' : 'VolumeFailedRecycle';
    await setVolumePhase(this.#cluster, released, { phase: 'Failed', message });
    const happening = { source: binder, type: 'Warning', reason, message } as const;
    this.#cluster.events.tell(resources.persistentVolumes, released, happening);
  }

  /** A node that is gone does not remove its folder any more. */
  async #forgetFolder(volume: Volume): Promise<void> {
    const { finalizers = [] } = volume.metadata;
    const node = nodeOfLocalFolder(volume);
    if (node === undefined || !finalizers.includes(localFolder.finalizer)) return;
    const found = this.#nodes.get('', node) ?? (await this.#nodes.refresh('', node));
    if (found !== undefined) return;
    const kept = finalizers.filter((one) => one !== localFolder.finalizer);
    const metadata = { ...volume.metadata, finalizers: kept };
    await this.#cluster.update(resources.persistentVolumes, { ...volume, metadata });
  }
}

function isProvisioned({ metadata }: Volume): boolean {
  return metadata.annotations?.[provisionedBy] !== undefined;
}
