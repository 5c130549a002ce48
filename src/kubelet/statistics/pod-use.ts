import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stored } from '../../api/client/client.ts';
import type { Pod } from '../../api/types/generated/core-v1.ts';
import { isDomainError } from '../../base/error.ts';
import type * as cri from '../../cri/generated/runtime.ts';
import type { NodePods } from '../pod/node-pods.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import type { PodVolumes, VolumeUsage } from '../volume/pod-volumes.ts';

export interface ContainerUse {
  readonly name: string;
  readonly startedAtMs: number | undefined;
  readonly statistics: cri.ContainerStats;
  readonly logs: FolderUse;
}

/** What one pod uses, as far as the runtime tells. */
export interface PodUse {
  readonly pod: Stored<Pod>;
  readonly containers: readonly ContainerUse[];
  /** Of the pod's own cgroup and network; older runtimes do not tell. */
  readonly whole: cri.LinuxPodSandboxStats | undefined;
  readonly volumes: ReadonlyMap<string, VolumeUsage>;
}

export interface FolderUse {
  readonly bytes: number;
  readonly inodes: number;
}

export interface UseSource {
  readonly runtime: ContainerRuntime;
  readonly pods: NodePods;
  readonly volumes: PodVolumes | undefined;
  /** `/var/log/pods` */
  readonly logs: string;
}

export interface UseOptions {
  /** Only of these. */
  readonly of?: readonly Stored<Pod>[];
  /** Without, volumes and logs are not measured, which takes reading folders. */
  readonly disk: boolean;
}

/** More files of one container's log are not counted. */
const mostFiles = 1000;

/** What the pods use that have something running. */
export async function readPodUse(source: UseSource, options: UseOptions): Promise<PodUse[]> {
  const { runtime, pods } = source;
  const [containers, sandboxes] = await Promise.all([
    runtime.containerStatistics(),
    runtime.podStatistics().catch((error: unknown) => {
      if (isDomainError(error, 'unsupported')) return [];
      throw error;
    }),
  ]);
  const byId = new Map(containers.map((entry) => [entry.attributes?.id ?? '', entry]));
  const byPod = new Map(sandboxes.map((entry) => [entry.attributes?.id ?? '', entry.linux]));
  const asked = options.of ?? pods.list();
  const uses = asked.map(async (pod) => await useOf(pod, { byId, byPod, source, options }));
  return (await Promise.all(uses)).filter(({ containers: some }) => some.length > 0);
}

interface Known {
  readonly byId: ReadonlyMap<string, cri.ContainerStats>;
  readonly byPod: ReadonlyMap<string, cri.LinuxPodSandboxStats | undefined>;
  readonly source: UseSource;
  readonly options: UseOptions;
}

async function useOf(pod: Stored<Pod>, known: Known): Promise<PodUse> {
  const { byId, byPod, source, options } = known;
  const { uid } = pod.metadata;
  const statuses = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
  ];
  const containers = statuses.flatMap(({ name, state }) => {
    const statistics = byId.get(source.pods.containerId(uid, name) ?? '');
    if (statistics === undefined || state?.running === undefined) return [];
    const startedAt = Date.parse(state.running.startedAt ?? '');
    return [{ name, statistics, startedAtMs: Number.isNaN(startedAt) ? undefined : startedAt }];
  });
  const measured = containers.map(async (container) => ({
    ...container,
    logs: options.disk ? await logUse(pod, container.name, source.logs) : nothing,
  }));
  const sandbox = source.pods.sandboxId(uid);
  const volumes = options.disk ? await source.volumes?.usageOf(pod) : undefined;
  return {
    pod,
    containers: await Promise.all(measured),
    whole: sandbox === undefined ? undefined : byPod.get(sandbox),
    volumes: volumes ?? new Map<string, VolumeUsage>(),
  };
}

const nothing: FolderUse = { bytes: 0, inodes: 0 };

/** Files of one folder; a pod that fills it with others' links adds nothing by them. */
async function logUse({ metadata }: Pod, container: string, logs: string): Promise<FolderUse> {
  const pod = `${metadata.namespace ?? ''}_${metadata.name ?? ''}_${metadata.uid ?? ''}`;
  const folder = join(logs, pod, container);
  let [bytes, inodes] = [0, 0];
  try {
    for await (const entry of await opendir(folder)) {
      if (!entry.isFile()) continue;
      bytes += (await lstat(join(folder, entry.name))).blocks * 512;
      inodes += 1;
      if (inodes >= mostFiles) break;
    }
  } catch {
    // It goes with its pod at any time.
  }
  return { bytes, inodes };
}

export function memoryOf({ containers, whole }: PodUse): number {
  const own = whole?.memory?.working_set_bytes?.value;
  if (own !== undefined) return own;
  return sum(containers.map(({ statistics }) => statistics.memory?.working_set_bytes?.value));
}

/** Writable layers, logs, and volumes that lie on the node's disk. */
export function diskOf(use: PodUse, field: 'bytes' | 'inodes'): number {
  const layers = use.containers.map(({ statistics: { writable_layer: layer }, logs }) => {
    const own = field === 'bytes' ? layer?.used_bytes?.value : layer?.inodes_used?.value;
    return (own ?? 0) + logs[field];
  });
  const local = (use.pod.spec.volumes ?? []).filter(isOnNodeDisk);
  const volumes = local.map(({ name }) => {
    const found = use.volumes.get(name);
    return field === 'bytes' ? found?.usedBytes : found?.usedInodes;
  });
  return sum([...layers, ...volumes]);
}

type Volume = NonNullable<Pod['spec']['volumes']>[number];

function isOnNodeDisk({ emptyDir, configMap, downwardAPI, gitRepo }: Volume): boolean {
  if (emptyDir !== undefined) return (emptyDir.medium ?? '') === '';
  return configMap !== undefined || downwardAPI !== undefined || gitRepo !== undefined;
}

export function sum(values: readonly (number | undefined)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
