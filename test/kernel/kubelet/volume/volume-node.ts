import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiClient, Stored } from '../../../../src/api/client/client.ts';
import { resources } from '../../../../src/api/client/resources.ts';
import type { Container, Pod, PodSpec } from '../../../../src/api/types/generated/core-v1.ts';
import { openFolder } from '../../../../src/kernel/open.ts';
import { openPodVolumes } from '../../../../src/kubelet/volume/open-pod-volumes.ts';
import type {
  OpenedPodVolumes,
  PodVolumesOptions,
} from '../../../../src/kubelet/volume/options.ts';
import type { VolumeMountPlan } from '../../../../src/kubelet/volume/pod-volumes.ts';
import { unmountBeneath } from '../../../../src/kubelet/volume/tree/unmount-beneath.ts';
import { ScratchServer } from '../../../cluster/apiserver/scratch-server.ts';
import { scratch } from '../../scratch.ts';

interface Test {
  teardown(undo: () => unknown): void;
}

export const untilStopped = new AbortController().signal;

/** The volumes of a node of its own, over an API server of its own; all gone at the end. */
export class VolumeNode {
  readonly path: string;
  readonly client: ApiClient;
  readonly volumes: OpenedPodVolumes;

  constructor(path: string, client: ApiClient, volumes: OpenedPodVolumes) {
    this.path = path;
    this.client = client;
    this.volumes = volumes;
  }

  static async start(t: Test, options: Partial<PodVolumesOptions> = {}): Promise<VolumeNode> {
    const server = await ScratchServer.start();
    t.teardown(() => server[Symbol.asyncDispose]());
    const client = server.client('kubelet');
    const path = realpathSync(scratch(t).path);
    t.teardown(() => cleanMounts(path));
    const volumes = await reopen(t, path, { client, ...options });
    return new VolumeNode(path, client, volumes);
  }

  /** As another process does that begins where this one ended. */
  again(t: Test, options: Partial<PodVolumesOptions> = {}): Promise<OpenedPodVolumes> {
    return reopen(t, this.path, { client: this.client, ...options });
  }

  /** Tells the server of a pod that is bound to this node. */
  async pod(name: string, spec: Omit<PodSpec, 'containers'> & Partial<PodSpec>, more = {}) {
    const mounts = (spec.volumes ?? []).map((volume) => ({
      name: volume.name,
      mountPath: `/${volume.name}`,
    }));
    const containers = [{ name: 'main', image: 'busybox', volumeMounts: mounts }];
    return await this.client.create<Pod>(resources.pods, {
      metadata: { namespace: 'default', name, ...more },
      spec: {
        nodeName: 'host01',
        automountServiceAccountToken: false,
        tolerations: [],
        containers,
        ...spec,
      },
    });
  }

  async prepare(pod: Stored<Pod>): Promise<void> {
    await this.volumes.prepare(pod, untilStopped);
  }

  /** Where the host has a volume of the first container. */
  async pathOf(pod: Stored<Pod>, mountPath: string): Promise<string> {
    return (
      (await this.mounts(pod)).find((mount) => mount.containerPath === mountPath)?.hostPath ?? ''
    );
  }

  async mounts(pod: Stored<Pod>, environment = new Map<string, string>()) {
    const [container] = pod.spec?.containers ?? [];
    return await this.volumes.mountsOf(pod, container as Container, environment);
  }

  async read(pod: Stored<Pod>, mountPath: string, file: string): Promise<string> {
    return readFileSync(join(await this.pathOf(pod, mountPath), file), 'utf8');
  }
}

async function reopen(
  t: Test,
  path: string,
  options: Partial<PodVolumesOptions>,
): Promise<OpenedPodVolumes> {
  const volumes = await openPodVolumes({
    folder: join(path, 'kubelet'),
    localFolder: join(path, 'local'),
    client: undefined,
    nodeName: 'host01',
    lookMs: 300,
    allocatable: () => new Map([['memory', '1Gi']]),
    ...options,
  });
  t.teardown(() => volumes[Symbol.asyncDispose]());
  return volumes;
}

function cleanMounts(path: string): void {
  mkdirSync(join(path, 'kubelet'), { recursive: true });
  using folder = openFolder(path);
  unmountBeneath(folder.fd, path, 'kubelet');
}

export function firstMount(mounts: readonly VolumeMountPlan[]): VolumeMountPlan {
  const [mount] = mounts;
  if (mount === undefined) throw new Error('no mount');
  return mount;
}
