import { cpus } from 'node:os';
import type * as cri from '../../cri/generated/runtime.ts';
import { familyText, type Sample } from './exposition.ts';
import type { NodeUse } from './node-use.ts';
import type { ContainerUse, PodUse } from './pod-use.ts';

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly read: (container: ContainerUse) => number | undefined;
}

const ofContainers: readonly Family[] = [
  {
    name: 'container_cpu_usage_seconds_total',
    help: 'Cumulative cpu time',
    type: 'counter',
    read: ({ statistics: { cpu } }) => {
      const total = cpu?.usage_core_nano_seconds?.value;
      return total === undefined ? undefined : total / 1e9;
    },
  },
  memory('container_memory_usage_bytes', 'All memory in use', 'usage_bytes'),
  memory('container_memory_working_set_bytes', 'Working set', 'working_set_bytes'),
  memory('container_memory_rss', 'Anonymous memory', 'rss_bytes'),
  {
    name: 'container_fs_usage_bytes',
    help: 'Bytes of the writable layer',
    type: 'gauge',
    read: ({ statistics }) => statistics.writable_layer?.used_bytes?.value,
  },
  {
    name: 'container_fs_inodes_used',
    help: 'Inodes of the writable layer',
    type: 'gauge',
    read: ({ statistics }) => statistics.writable_layer?.inodes_used?.value,
  },
  {
    name: 'container_start_time_seconds',
    help: 'When it was started, in seconds since 1970',
    type: 'gauge',
    read: ({ startedAtMs }) => (startedAtMs === undefined ? undefined : startedAtMs / 1000),
  },
];

const ofNetworks = [
  ['container_network_receive_bytes_total', 'Bytes received', 'rx_bytes'],
  ['container_network_receive_errors_total', 'Errors when receiving', 'rx_errors'],
  ['container_network_transmit_bytes_total', 'Bytes sent', 'tx_bytes'],
  ['container_network_transmit_errors_total', 'Errors when sending', 'tx_errors'],
] as const;

/** Those of containers and networks that are told of here. */
export const advisorNames: ReadonlySet<string> = new Set([
  ...ofContainers.map(({ name }) => name),
  ...ofNetworks.map(([name]) => name),
]);

/** `/metrics/cadvisor`: what containers use, by the names and labels that dashboards know. */
export function advisorMetrics(node: NodeUse, pods: readonly PodUse[]): string {
  const containers = pods.flatMap((use) =>
    use.containers.map((container) => ({ container, labels: labelsOf(use, container) })),
  );
  return [
    ...ofContainers.map(({ read, ...family }) =>
      familyText(
        family,
        containers.map(({ container, labels }) => ({ labels, value: read(container) })),
      ),
    ),
    ...ofNetworks.map(([name, help, field]) =>
      familyText({ name, help, type: 'counter' }, networkSamples(pods, field)),
    ),
    familyText({ name: 'machine_cpu_cores', help: 'Processors of the node', type: 'gauge' }, [
      { value: cpus().length },
    ]),
    familyText({ name: 'machine_memory_bytes', help: 'Memory of the node', type: 'gauge' }, [
      { value: node.memory.capacityBytes },
    ]),
  ].join('');
}

function memory(
  name: string,
  help: string,
  field: 'usage_bytes' | 'working_set_bytes' | 'rss_bytes',
): Family {
  return {
    name,
    help,
    type: 'gauge',
    read: ({ statistics }) => statistics.memory?.[field]?.value,
  };
}

function labelsOf({ pod }: PodUse, { name, statistics }: ContainerUse): Record<string, string> {
  const image = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(
    (container) => container.name === name,
  )?.image;
  return {
    container: name,
    id: statistics.attributes?.id ?? '',
    image: image ?? '',
    name: statistics.attributes?.id ?? '',
    namespace: pod.metadata.namespace ?? '',
    pod: pod.metadata.name,
  };
}

function networkSamples(
  pods: readonly PodUse[],
  field: 'rx_bytes' | 'rx_errors' | 'tx_bytes' | 'tx_errors',
): Sample[] {
  return pods.flatMap(({ pod, whole }) => {
    const entries: readonly cri.NetworkInterfaceUsage[] = whole?.network?.interfaces ?? [];
    const [first] = entries;
    const all = entries.length > 0 ? entries : [whole?.network?.default_interface ?? first];
    return all.flatMap((entry) =>
      entry === undefined
        ? []
        : [
            {
              labels: {
                interface: entry.name,
                namespace: pod.metadata.namespace ?? '',
                pod: pod.metadata.name,
              },
              value: entry[field]?.value,
            },
          ],
    );
  });
}
