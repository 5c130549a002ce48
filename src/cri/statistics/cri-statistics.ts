import { statusOfContainer } from '../container/container-life.ts';
import {
  configOf,
  type ContainerRecord,
  podConfigOf,
  type PodRecord,
} from '../container/container-record.ts';
import { specOf } from '../container/cri-containers.ts';
import type {
  ContainerStats,
  ContainerStatsFilter,
  PodSandboxStats,
  PodSandboxStatsFilter,
  RuntimeService,
} from '../generated/runtime.ts';
import type { Handlers } from '../grpc/grpc-server.ts';
import type { Draft } from '../../grpc/message.ts';
import type { Node } from '../node.ts';
import { containersOf } from '../pod/pod-life.ts';
import { sandboxOf } from '../pod/sandbox-of.ts';
import { matchesLabels, nanoseconds } from '../selection.ts';
import {
  cpuMessage,
  ioMessage,
  memoryMessage,
  networkMessage,
  processMessage,
  swapMessage,
} from './statistics-message.ts';

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
    if (!hasCgroup(node, record)) return false;
    return matchesLabels(configOf(record).labels, filter?.label_selector);
  });
}

function hasCgroup(node: Node, record: ContainerRecord): boolean {
  return ['running', 'paused', 'created'].includes(statusOfContainer(node, record).state);
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

/** Public for the pod's own statistics and for tests. */
export async function containerStats(
  node: Node,
  record: ContainerRecord,
): Promise<Draft<ContainerStats>> {
  const { metadata, labels, annotations } = configOf(record);
  const path = specOf(node, record)?.linux?.cgroupsPath;
  const layer = await node.layerUse.of(record.id);
  const statistics = path === undefined ? undefined : node.statistics.all(path);
  return {
    attributes: { id: record.id, metadata, labels, annotations },
    ...(statistics === undefined || path === undefined
      ? {}
      : {
          cpu: cpuMessage(statistics, node.sampler.nanoCores(path, statistics)),
          memory: memoryMessage(statistics),
          swap: swapMessage(statistics),
          io: ioMessage(statistics),
        }),
    writable_layer:
      layer === undefined
        ? undefined
        : {
            timestamp: nanoseconds(layer.atMs),
            fs_id: { mountpoint: node.settings.rootFolder },
            used_bytes: { value: layer.bytes },
            inodes_used: { value: layer.inodes },
          },
  };
}

async function podStats(node: Node, pod: PodRecord): Promise<Draft<PodSandboxStats>> {
  const { metadata, labels, annotations } = podConfigOf(pod);
  const sandbox = sandboxOf(node, pod);
  const path = sandbox?.request?.cgroupPath;
  const network = sandbox?.namespaces.network;
  const [counters, containers] = await Promise.all([
    network === undefined ? [] : node.interfaces(network),
    Promise.all(
      containersOf(node, pod.id)
        .filter((record) => hasCgroup(node, record))
        .map((record) => containerStats(node, record)),
    ),
  ]);
  const statistics = path === undefined ? undefined : node.statistics.all(path);
  return {
    attributes: { id: pod.id, metadata, labels, annotations },
    linux: {
      containers,
      network: networkMessage(counters),
      ...(statistics === undefined || path === undefined
        ? {}
        : {
            cpu: cpuMessage(statistics, node.sampler.nanoCores(path, statistics)),
            memory: memoryMessage(statistics),
            io: ioMessage(statistics),
            process: processMessage(statistics),
          }),
    },
  };
}
