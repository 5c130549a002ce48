import { keyOf } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import { podsOf } from '../pods.ts';
import type { Claim, Pod } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';
import { claimsOfPod } from './claims-of-pod.ts';
import { claimProtection, volumeProtection } from './names.ts';

/** A claim stays as long as a pod uses it. */
export class ClaimProtection implements Controller {
  readonly name = 'persistentvolumeclaim-protection-controller';
  readonly #cluster: Cluster;
  readonly #claims;
  readonly #pods;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#claims = cluster.informer(resources.persistentVolumeClaims);
    this.#pods = podsOf(cluster);
  }

  get needs() {
    return [this.#claims, this.#pods];
  }

  watch(queue: WorkQueue): void {
    this.#claims.onChange((now) => (now === undefined ? undefined : queue.add(keyOf(now))));
    this.#pods.onChange((now, before) => {
      if (now !== undefined || before === undefined) return;
      for (const key of claimsOfPod(before)) queue.add(key);
    });
  }

  async reconcile(key: string): Promise<undefined> {
    const claim = this.#claims.getByKey(key);
    if (claim === undefined) return;
    const { finalizers = [], deletionTimestamp } = claim.metadata;
    const isProtected = finalizers.includes(claimProtection);
    if (deletionTimestamp === undefined) {
      if (isProtected) return;
      const metadata = { ...claim.metadata, finalizers: [...finalizers, claimProtection] };
      await this.#cluster.update(resources.persistentVolumeClaims, { ...claim, metadata });
      return;
    }
    if (!isProtected || (await this.#isUsed(claim))) return;
    const kept = finalizers.filter((one) => one !== claimProtection);
    const metadata = { ...claim.metadata, finalizers: kept };
    await this.#cluster.update(resources.persistentVolumeClaims, { ...claim, metadata });
  }

  /** The server has the last word, for a pod that the cache has not seen may use it. */
  async #isUsed(claim: Claim): Promise<boolean> {
    const { namespace = '' } = claim.metadata;
    const key = keyOf(claim);
    // A pod without a node does not get it any more: no kubelet takes a claim that ends.
    const uses = (pod: Pod) => pod.spec.nodeName !== undefined && claimsOfPod(pod).includes(key);
    if (this.#pods.find('namespace', namespace).some(uses)) return true;
    const { items } = await this.#cluster.client.list(resources.pods, { namespace });
    return items.some(uses);
  }
}

/** A volume stays as long as a claim is bound to it. */
export class VolumeProtection implements Controller {
  readonly name = 'persistentvolume-protection-controller';
  readonly #cluster: Cluster;
  readonly #volumes;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#volumes = cluster.informer(resources.persistentVolumes);
  }

  get needs() {
    return [this.#volumes];
  }

  watch(queue: WorkQueue): void {
    this.#volumes.onChange((now) => (now === undefined ? undefined : queue.add(keyOf(now))));
  }

  async reconcile(name: string): Promise<undefined> {
    const volume = this.#volumes.get('', name);
    if (volume === undefined) return;
    const { finalizers = [], deletionTimestamp } = volume.metadata;
    const isProtected = finalizers.includes(volumeProtection);
    const isEnding = deletionTimestamp !== undefined;
    if (isEnding !== isProtected || (isEnding && volume.status?.phase === 'Bound')) return;
    const others = finalizers.filter((one) => one !== volumeProtection);
    const metadata = {
      ...volume.metadata,
      finalizers: isEnding ? others : [...others, volumeProtection],
    };
    await this.#cluster.update(resources.persistentVolumes, { ...volume, metadata });
  }
}
