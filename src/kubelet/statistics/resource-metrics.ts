import { familyText, type Sample } from './exposition.ts';
import type { NodeUse } from './node-use.ts';
import { type ContainerUse, memoryOf, type PodUse, sum } from './pod-use.ts';

/** `/metrics/resource`: the little that autoscalers and `kubectl top` live on. */
export function resourceMetrics(node: NodeUse, pods: readonly PodUse[]): string {
  const containers = pods.flatMap((use) => use.containers.map((container) => ({ use, container })));
  const ofContainers = (read: (container: ContainerUse) => number | undefined): Sample[] =>
    containers.map(({ use, container }) => ({
      labels: { container: container.name, ...podLabels(use) },
      value: read(container),
      ...stamp(container.statistics.cpu?.timestamp),
    }));
  const ofPods = (read: (use: PodUse) => number | undefined): Sample[] =>
    pods.map((use) => ({ labels: podLabels(use), value: read(use) }));
  return [
    familyText(
      metric('counter', 'container_cpu_usage_seconds_total', 'Cpu time of the container'),
      ofContainers(({ statistics }) => secondsOf(statistics.cpu?.usage_core_nano_seconds?.value)),
    ),
    familyText(
      metric('gauge', 'container_memory_working_set_bytes', 'Working set of the container'),
      ofContainers(({ statistics }) => statistics.memory?.working_set_bytes?.value),
    ),
    familyText(
      metric('gauge', 'container_start_time_seconds', 'Start time of the container since 1970'),
      ofContainers(({ startedAtMs }) =>
        startedAtMs === undefined ? undefined : startedAtMs / 1000,
      ),
    ),
    familyText(
      metric('gauge', 'container_swap_usage_bytes', 'Swap of the container'),
      ofContainers(({ statistics }) => statistics.swap?.swap_usage_bytes?.value),
    ),
    familyText(metric('counter', 'node_cpu_usage_seconds_total', 'Cpu time of the node'), [
      { value: secondsOf(node.cpuNanoseconds), atMs: node.atMs },
    ]),
    familyText(metric('gauge', 'node_memory_working_set_bytes', 'Working set of the node'), [
      { value: node.memory.workingSetBytes, atMs: node.atMs },
    ]),
    familyText(
      metric('counter', 'pod_cpu_usage_seconds_total', 'Cpu time of the pod'),
      ofPods((use) => secondsOf(cpuOf(use))),
    ),
    familyText(
      metric('gauge', 'pod_memory_working_set_bytes', 'Working set of the pod'),
      ofPods(memoryOf),
    ),
    familyText(
      metric('gauge', 'resource_scrape_error', '1 if there was an error while reading, else 0'),
      [{ value: 0 }],
    ),
  ].join('');
}

function metric(type: 'counter' | 'gauge', name: string, help: string) {
  return { type, name, help };
}

function podLabels({ pod }: PodUse): Record<string, string> {
  return { namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name };
}

function stamp(nanoseconds: number | undefined): { readonly atMs?: number } {
  return nanoseconds === undefined ? {} : { atMs: nanoseconds / 1_000_000 };
}

function cpuOf({ whole, containers }: PodUse): number | undefined {
  const own = whole?.cpu?.usage_core_nano_seconds?.value;
  if (own !== undefined) return own;
  return sum(containers.map(({ statistics }) => statistics.cpu?.usage_core_nano_seconds?.value));
}

function secondsOf(nanoseconds: number | undefined): number | undefined {
  return nanoseconds === undefined ? undefined : nanoseconds / 1e9;
}
