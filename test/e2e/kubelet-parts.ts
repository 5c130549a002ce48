/** The kubelet's parts for tests of its API: a table of pods, and volumes that nobody asks for. */
import type { Stored } from '../../src/api/client/client.ts';
import type { Pod } from '../../src/api/types/generated/core-v1.ts';
import type { NodePods, PodFailure } from '../../src/kubelet/pod/node-pods.ts';
import type { PodVolumes } from '../../src/kubelet/volume/pod-volumes.ts';

export class PodTable implements NodePods {
  readonly pods = new Map<string, Stored<Pod>>();
  readonly containers = new Map<string, string>();
  readonly sandboxes = new Map<string, string>();
  readonly failures: (PodFailure & { readonly uid: string })[] = [];

  put(pod: Stored<Pod>): void {
    this.pods.set(pod.metadata.uid, pod);
  }

  list(): readonly Stored<Pod>[] {
    return [...this.pods.values()];
  }

  find(namespace: string, name: string): Stored<Pod> | undefined {
    return this.list().find(
      ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
    );
  }

  findByUid(uid: string): Stored<Pod> | undefined {
    return this.pods.get(uid);
  }

  containerId(uid: string, container: string): string | undefined {
    return this.containers.get(`${uid}/${container}`);
  }

  sandboxId(uid: string): string | undefined {
    return this.sandboxes.get(uid);
  }

  async fail(uid: string, failure: PodFailure): Promise<void> {
    this.failures.push({ uid, ...failure });
    this.pods.delete(uid);
  }

  async ended(): Promise<void> {}
}

export const noVolumes: PodVolumes = {
  prepare: async () => undefined,
  mountsOf: async () => [],
  refresh: async () => undefined,
  remove: async () => undefined,
  uids: async () => [],
  usageOf: async () => new Map(),
};
