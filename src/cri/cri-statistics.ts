import { statusOfContainer } from './container-life.ts';
import { configOf, type ContainerRecord, podConfigOf, type PodRecord } from './container-record.ts';
import { specOf } from './cri-containers.ts';
import type {
  ContainerStats,
  ContainerStatsFilter,
  CpuUsage,
  MemoryUsage,
  PodSandboxStats,
  PodSandboxStatsFilter,
  RuntimeService,
} from './generated/runtime.ts';
import type { Handlers } from './grpc-server.ts';
import type { Draft } from './message.ts';
import type { Node } from './node.ts';
import { containersOf } from './pod-life.ts';
import { matchesLabels, nanoseconds } from './selection.ts';
import type { Statistics } from './statistics.ts';

/** The CRI's statistics of containers and pods. What no controller counts is absent, not zero. */
export function statisticsHandlers(node: Node): Handlers<typeof RuntimeService> {
  return {
    ContainerStats: async ({ container_id }) => ({
      stats: await containerStats(node, node.containers.find(container_id)),
    }),
    ListContainerStats: async ({ filter }) => ({
      stats: await Promise.all(
        selected(node, filter).map((record) => containerStats(node, record)),
      ),
    }),
    StreamContainerStats: async function* ({ filter }) {
      for (const record of selected(node, filter)) {
        yield { container_stats: [await containerStats(node, record)] };
      }
    },
    PodSandboxStats: async ({ pod_sandbox_id }) => ({
      stats: await podStats(node, node.pods.find(pod_sandbox_id)),
    }),
    ListPodSandboxStats: async ({ filter }) => ({
      stats: await Promise.all(selectedPods(node, filter).map((pod) => podStats(node, pod))),
    }),
    StreamPodSandboxStats: async function* ({ filter }) {
      for (const pod of selectedPods(node, filter)) {
        yield { pod_sandbox_stats: [await podStats(node, pod)] };
      }
    },
  };
}

/** Those that have a cgroup to be read. */
function selected(node: Node, filter: ContainerStatsFilter | undefined): ContainerRecord[] {
  return node.containers.list().filter((record) => {
    if (record.owner !== 'cri' || !record.id.startsWith(filter?.id ?? '')) return false;
    if (!record.podId.startsWith(filter?.pod_sandbox_id ?? '')) return false;
    const { state } = statusOfContainer(node, record);
    if (state !== 'running' && state !== 'paused' && state !== 'created') return false;
    return matchesLabels(configOf(record).labels, filter?.label_selector);
  });
}

function selectedPods(node: Node, filter: PodSandboxStatsFilter | undefined): PodRecord[] {
  return node.pods
    .list()
    .filter(
      (pod) =>
        pod.owner === 'cri' &&
        pod.id.startsWith(filter?.id ?? '') &&
        matchesLabels(podConfigOf(pod).labels, filter?.label_selector),
    );
}

async function containerStats(node: Node, record: ContainerRecord): Promise<Draft<ContainerStats>> {
  const { metadata, labels, annotations } = configOf(record);
  const cgroupPath = specOf(node, record)?.linux?.cgroupsPath;
  const [statistics, layer] = await Promise.all([
    cgroupPath === undefined ? undefined : node.statistics(cgroupPath),
    node.images.snapshotUse(record.id),
  ]);
  return {
    attributes: { id: record.id, metadata, labels, annotations },
    ...usage(statistics),
    writable_layer: {
      timestamp: nanoseconds(Date.now()),
      fs_id: { mountpoint: node.settings.rootFolder },
      used_bytes: { value: layer.bytes },
      inodes_used: { value: layer.inodes },
    },
  };
}

async function podStats(node: Node, pod: PodRecord): Promise<Draft<PodSandboxStats>> {
  const { metadata, labels, annotations } = podConfigOf(pod);
  const cgroupPath = node.sandboxes.status(pod.id).request?.cgroupPath;
  const [statistics, containers] = await Promise.all([
    cgroupPath === undefined ? undefined : node.statistics(cgroupPath),
    Promise.all(containersOf(node, pod.id).map((record) => containerStats(node, record))),
  ]);
  const { cpu, memory } = usage(statistics);
  return {
    attributes: { id: pod.id, metadata, labels, annotations },
    linux: {
      cpu,
      memory,
      containers,
      ...(statistics?.processes === undefined
        ? {}
        : {
            process: {
              timestamp: nanoseconds(statistics.atMs),
              process_count: { value: statistics.processes },
            },
          }),
    },
  };
}

function usage(statistics: Statistics | undefined): {
  cpu?: Draft<CpuUsage>;
  memory?: Draft<MemoryUsage>;
} {
  if (statistics === undefined) return {};
  const timestamp = nanoseconds(statistics.atMs);
  const { cpuNanoseconds, memory } = statistics;
  return {
    ...(cpuNanoseconds === undefined
      ? {}
      : { cpu: { timestamp, usage_core_nano_seconds: { value: cpuNanoseconds } } }),
    ...(memory === undefined
      ? {}
      : {
          memory: {
            timestamp,
            working_set_bytes: { value: memory.workingSetBytes },
            usage_bytes: { value: memory.usageBytes },
            rss_bytes: { value: memory.rssBytes },
            page_faults: { value: memory.pageFaults },
            major_page_faults: { value: memory.majorPageFaults },
            ...(memory.limitBytes === undefined
              ? {}
              : { available_bytes: { value: memory.limitBytes - memory.workingSetBytes } }),
          },
        }),
  };
}
