import { milliValue, parseQuantity, wholeValue } from '../../api/quantity.ts';
import type { Container, Pod, ResourceRequirements } from '../../api/types/generated/core-v1.ts';
import { type QosClass, quotaOfMilliCpu, sharesOfMilliCpu } from '../../cgroup/kubelet.ts';
import type { LinuxContainerResources } from '../../cri/generated/runtime.ts';

const counted = ['cpu', 'memory'];

/** Guaranteed: all are limited to what they request. BestEffort: none asks for anything. */
export function qosOf(pod: Pod): QosClass {
  const own = pod.spec.resources;
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const all = own === undefined ? containers.map(({ resources }) => resources) : [own];
  if (all.every(asksNothing)) return 'BestEffort';
  return all.every(isFixed) ? 'Guaranteed' : 'Burstable';
}

function asksNothing(resources: ResourceRequirements | undefined): boolean {
  return counted.every((name) => {
    return asks(resources?.requests, name) === 0n && asks(resources?.limits, name) === 0n;
  });
}

function isFixed(resources: ResourceRequirements | undefined): boolean {
  return counted.every((name) => {
    const limit = asks(resources?.limits, name);
    const request = asks(resources?.requests, name);
    return limit > 0n && (request === 0n || request === limit);
  });
}

function asks(list: Readonly<Record<string, string>> | undefined, name: string): bigint {
  const text = list?.[name];
  return text === undefined ? 0n : parseQuantity(text).nano;
}

export function milliCpu(list: Readonly<Record<string, string>> | undefined): number | undefined {
  const text = list?.['cpu'];
  return text === undefined ? undefined : milliValue(parseQuantity(text));
}

export function bytesOf(list: Readonly<Record<string, string>> | undefined): number | undefined {
  const text = list?.['memory'];
  return text === undefined ? undefined : wholeValue(parseQuantity(text));
}

/**
 * Whom the kernel kills first when memory runs out: pods that ask for nothing, then those that use
 * most beyond what they asked for; never before what the node itself needs.
 */
export function oomScore(pod: Pod, container: Container, memoryBytes: number): number {
  if ((pod.spec.priority ?? 0) >= 2_000_000_000) return -997;
  const qos = qosOf(pod);
  if (qos === 'Guaranteed') return -997;
  if (qos === 'BestEffort') return 1000;
  const request = bytesOf(container.resources?.requests) ?? bytesOf(pod.spec.resources?.requests);
  const score = 1000 - Math.floor((1000 * (request ?? 0)) / Math.max(memoryBytes, 1));
  return Math.min(Math.max(score, 3), 999);
}

export interface NodeBounds {
  /** The node's. */
  readonly memoryBytes: number;
  /** Below which this machine lets nobody go. */
  readonly leastOomScore: number;
}

/** cpu.shares and quotas of a container, in the units of the CRI. */
export function resourcesOf(
  pod: Pod,
  container: Container,
  { memoryBytes, leastOomScore }: NodeBounds,
): Partial<LinuxContainerResources> {
  const { requests, limits } = container.resources ?? {};
  const cpuLimit = milliCpu(limits);
  const quota = cpuLimit === undefined ? 0 : quotaOfMilliCpu(cpuLimit);
  return {
    cpu_shares: sharesOfMilliCpu(milliCpu(requests) ?? cpuLimit ?? 0),
    ...(quota > 0 && { cpu_period: 100_000, cpu_quota: quota }),
    memory_limit_in_bytes: bytesOf(limits) ?? 0,
    oom_score_adj: Math.max(oomScore(pod, container, memoryBytes), leastOomScore),
    hugepage_limits: hugepagesOf(limits),
  };
}

/** `hugepages-2Mi` is `2MB` to runtimes. */
function hugepagesOf(
  list: Readonly<Record<string, string>> | undefined,
): { page_size: string; limit: number }[] {
  return Object.entries(list ?? {}).flatMap(([name, text]) => {
    if (!name.startsWith('hugepages-')) return [];
    const page_size = `${name.slice('hugepages-'.length).replace('i', '')}B`;
    return [{ page_size, limit: wholeValue(parseQuantity(text)) }];
  });
}
