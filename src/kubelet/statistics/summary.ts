import type { JsonObject } from '../../api/json.ts';
import type * as cri from '../../cri/generated/runtime.ts';
import type { FileSystemSpace } from '../node/machine.ts';
import type { VolumeUsage } from '../volume/pod-volumes.ts';
import type { NodeUse } from './node-use.ts';
import { type ContainerUse, diskOf, type PodUse, sum } from './pod-use.ts';

export interface SummaryFacts {
  readonly nodeName: string;
  readonly node: NodeUse;
  readonly pods: readonly PodUse[];
  readonly imageSpace: FileSystemSpace | undefined;
  readonly imageBytes: number;
}

/** `/stats/summary`, as metrics pipelines read it. */
export function summaryOf(facts: SummaryFacts): JsonObject {
  const { nodeName, node, pods, imageSpace, imageBytes } = facts;
  const time = timeOf(node.atMs);
  const used = Math.max(0, node.memory.capacityBytes - node.memory.workingSetBytes);
  const images = imageSpace ?? node.space;
  const [first] = node.interfaces;
  return {
    node: {
      nodeName,
      startTime: timeOf(node.startedAtMs),
      cpu: {
        time,
        usageNanoCores: node.nanoCores ?? 0,
        usageCoreNanoSeconds: node.cpuNanoseconds,
      },
      memory: {
        time,
        availableBytes: used,
        usageBytes: node.memory.usedBytes,
        workingSetBytes: node.memory.workingSetBytes,
        rssBytes: node.memory.residentBytes,
      },
      network: {
        time,
        ...(first !== undefined && interfaceOf(first)),
        interfaces: node.interfaces.map(interfaceOf),
      },
      fs: { time, ...spaceOf(node.space), usedBytes: usedOf(node.space) },
      runtime: {
        imageFs: { time, ...spaceOf(images), usedBytes: imageBytes },
        containerFs: { time, ...spaceOf(images) },
      },
      rlimit: { time, maxpid: node.processes.most, curproc: node.processes.now },
      systemContainers: systemContainers(pods, time),
    },
    pods: pods.map((use) => podOf(use, node)),
  };
}

function systemContainers(pods: readonly PodUse[], time: string): JsonObject[] {
  const { user, system } = process.cpuUsage();
  const containers = pods.flatMap((use) => use.containers);
  const of = (read: (stats: cri.ContainerStats) => number | undefined) =>
    sum(containers.map(({ statistics }) => read(statistics)));
  return [
    {
      name: 'kubelet',
      startTime: timeOf(Date.now() - process.uptime() * 1000),
      cpu: { time, usageCoreNanoSeconds: (user + system) * 1000 },
      memory: { time, workingSetBytes: process.memoryUsage.rss() },
    },
    {
      name: 'pods',
      startTime: time,
      cpu: {
        time,
        usageNanoCores: of(({ cpu }) => cpu?.usage_nano_cores?.value),
        usageCoreNanoSeconds: of(({ cpu }) => cpu?.usage_core_nano_seconds?.value),
      },
      memory: { time, workingSetBytes: of(({ memory }) => memory?.working_set_bytes?.value) },
    },
  ];
}

function podOf(use: PodUse, node: NodeUse): JsonObject {
  const { pod, containers, whole, volumes } = use;
  const { name, namespace = '', uid } = pod.metadata;
  const time = timeOf(node.atMs);
  const { network, process: processes } = whole ?? {};
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime ?? null,
    containers: containers.map((container) => containerOf(container, node)),
    cpu: cpuOf(whole?.cpu) ?? summedCpu(containers, time),
    memory: memoryOf(whole?.memory) ?? summedMemory(containers, time),
    ...(network !== undefined && {
      network: {
        time: timeOfNs(network.timestamp),
        ...(network.default_interface !== undefined && criInterfaceOf(network.default_interface)),
        interfaces: network.interfaces.map(criInterfaceOf),
      },
    }),
    volume: [...volumes].map(([volume, usage]) => ({ time, name: volume, ...volumeOf(usage) })),
    'ephemeral-storage': {
      time,
      ...spaceOf(node.space),
      usedBytes: diskOf(use, 'bytes'),
      inodesUsed: diskOf(use, 'inodes'),
    },
    ...(processes !== undefined && {
      process_stats: { process_count: processes.process_count?.value ?? 0 },
    }),
  };
}

function containerOf({ name, statistics, startedAtMs, logs }: ContainerUse, node: NodeUse) {
  const { cpu, memory, writable_layer: layer, swap } = statistics;
  const time = timeOf(node.atMs);
  return {
    name,
    startTime: startedAtMs === undefined ? null : timeOf(startedAtMs),
    cpu: cpuOf(cpu) ?? null,
    memory: memoryOf(memory) ?? null,
    rootfs: {
      time: layer === undefined ? time : timeOfNs(layer.timestamp),
      ...spaceOf(node.space),
      usedBytes: layer?.used_bytes?.value ?? 0,
      inodesUsed: layer?.inodes_used?.value ?? 0,
    },
    logs: { time, ...spaceOf(node.space), usedBytes: logs.bytes, inodesUsed: logs.inodes },
    ...(swap !== undefined && {
      swap: {
        time: timeOfNs(swap.timestamp),
        swapAvailableBytes: swap.swap_available_bytes?.value ?? 0,
        swapUsageBytes: swap.swap_usage_bytes?.value ?? 0,
      },
    }),
  };
}

function cpuOf(cpu: cri.CpuUsage | undefined): JsonObject | undefined {
  if (cpu === undefined) return undefined;
  return {
    time: timeOfNs(cpu.timestamp),
    usageNanoCores: cpu.usage_nano_cores?.value ?? 0,
    usageCoreNanoSeconds: cpu.usage_core_nano_seconds?.value ?? 0,
  };
}

function memoryOf(memory: cri.MemoryUsage | undefined): JsonObject | undefined {
  if (memory === undefined) return undefined;
  const { available_bytes: available } = memory;
  return {
    time: timeOfNs(memory.timestamp),
    ...(available !== undefined && { availableBytes: available.value }),
    usageBytes: memory.usage_bytes?.value ?? 0,
    workingSetBytes: memory.working_set_bytes?.value ?? 0,
    rssBytes: memory.rss_bytes?.value ?? 0,
    pageFaults: memory.page_faults?.value ?? 0,
    majorPageFaults: memory.major_page_faults?.value ?? 0,
  };
}

function summedCpu(containers: readonly ContainerUse[], time: string): JsonObject {
  const of = (field: 'usage_nano_cores' | 'usage_core_nano_seconds') =>
    sum(containers.map(({ statistics }) => statistics.cpu?.[field]?.value));
  return {
    time,
    usageNanoCores: of('usage_nano_cores'),
    usageCoreNanoSeconds: of('usage_core_nano_seconds'),
  };
}

function summedMemory(containers: readonly ContainerUse[], time: string): JsonObject {
  const of = (field: 'usage_bytes' | 'working_set_bytes' | 'rss_bytes') =>
    sum(containers.map(({ statistics }) => statistics.memory?.[field]?.value));
  return {
    time,
    usageBytes: of('usage_bytes'),
    workingSetBytes: of('working_set_bytes'),
    rssBytes: of('rss_bytes'),
  };
}

function interfaceOf(entry: NodeUse['interfaces'][number]): JsonObject {
  return {
    name: entry.name,
    rxBytes: entry.receivedBytes,
    rxErrors: entry.receiveErrors,
    txBytes: entry.sentBytes,
    txErrors: entry.sendErrors,
  };
}

function criInterfaceOf(entry: cri.NetworkInterfaceUsage): JsonObject {
  return {
    name: entry.name,
    rxBytes: entry.rx_bytes?.value ?? 0,
    rxErrors: entry.rx_errors?.value ?? 0,
    txBytes: entry.tx_bytes?.value ?? 0,
    txErrors: entry.tx_errors?.value ?? 0,
  };
}

function volumeOf(usage: VolumeUsage): JsonObject {
  return {
    availableBytes: usage.availableBytes,
    capacityBytes: usage.capacityBytes,
    usedBytes: usage.usedBytes,
    inodesFree: usage.freeInodes,
    inodes: usage.inodes,
    inodesUsed: usage.usedInodes,
  };
}

function spaceOf({ availableBytes, capacityBytes, inodes, freeInodes }: FileSystemSpace) {
  return { availableBytes, capacityBytes, inodes, inodesFree: freeInodes };
}

function usedOf({ capacityBytes, availableBytes }: FileSystemSpace): number {
  return Math.max(0, capacityBytes - availableBytes);
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

function timeOfNs(nanoseconds: number): string {
  return timeOf(nanoseconds / 1_000_000);
}
