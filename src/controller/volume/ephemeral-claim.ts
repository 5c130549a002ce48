import { keyOf } from '../../api/client/client.ts';
import { isRefused } from '../../api/client/refusal.ts';
import { resources } from '../../api/client/resources.ts';
import type { Cluster } from '../cluster.ts';
import type { Controller } from '../control-loop.ts';
import { controllerReference, isControlledBy } from '../owner.ts';
import { podsOf } from '../pods.ts';
import type { Pod } from '../stored.ts';
import type { WorkQueue } from '../work-queue.ts';

const source = 'ephemeral_volume';

type PodVolume = NonNullable<Pod['spec']['volumes']>[number];

/** Makes the claims of pods' own volumes; the garbage collector takes them with the pod. */
export class EphemeralClaims implements Controller {
  readonly name = 'ephemeral-volume-controller';
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
    this.#pods.onChange((now) => {
      if (now?.spec.volumes?.some(({ ephemeral }) => ephemeral !== undefined) === true) {
        queue.add(keyOf(now));
      }
    });
  }

  async reconcile(key: string): Promise<undefined> {
    const pod = this.#pods.getByKey(key);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
    for (const volume of pod.spec.volumes ?? []) await this.#ensure(pod, volume);
  }

  async #ensure(pod: Pod, { name: volumeName, ephemeral }: PodVolume): Promise<void> {
    const template = ephemeral?.volumeClaimTemplate;
    if (template === undefined) return;
    const { namespace = '' } = pod.metadata;
    const name = `${pod.metadata.name}-${volumeName}`;
    const known = this.#claims.get(namespace, name);
    if (known !== undefined) {
      if (isControlledBy(known, pod)) return;
      const words = `PVC ${namespace}/${name} was not created for pod ${keyOf(pod)}`;
      const message = `${words} (pod is not owner)`;
      const happening = { source, type: 'Warning', reason: 'FailedBinding', message } as const;
      this.#cluster.events.tell(resources.pods, pod, happening);
      return;
    }
    const { labels, annotations } = template.metadata ?? {};
    try {
      await this.#cluster.create(resources.persistentVolumeClaims, {
        metadata: {
          namespace,
          name,
          ...(labels !== undefined && { labels }),
          ...(annotations !== undefined && { annotations }),
          ownerReferences: [controllerReference(resources.pods, pod)],
        },
        spec: template.spec,
      });
    } catch (error) {
      if (!isRefused(error, 'AlreadyExists')) throw error;
      await this.#claims.refresh(namespace, name);
      throw error;
    }
  }
}
