import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { statusOfContainer } from '../container/container-life.ts';
import {
  configOf,
  type ContainerRecord,
  podConfigOf,
  type PodRecord,
} from '../container/container-record.ts';
import { specOf } from '../container/cri-containers.ts';
import {
  type ContainerMetrics,
  type Metric as MetricMessage,
  MetricType,
  type PodSandboxMetrics,
  type RuntimeService,
} from '../generated/runtime.ts';
import type { Handlers } from '../grpc/grpc-server.ts';
import type { Draft } from '../../grpc/message.ts';
import type { FileSystem, Metric, MetricSource } from './metric.ts';
import { resourceMetrics, specMetrics } from './metrics-of-resources.ts';
import { fileSystemMetrics, networkMetrics, processMetrics } from './metrics-of-use.ts';
import type { Node } from '../node.ts';
import { containersOf } from '../pod/pod-life.ts';
import { sandboxOf } from '../pod/sandbox-of.ts';
import { readProcessFacts } from '../container/process-facts.ts';
import { nanoseconds } from '../selection.ts';

const commonLabels = ['id', 'name', 'image', 'container', 'pod', 'namespace'] as const;

const containerMetrics = [
  ...resourceMetrics,
  ...specMetrics,
  ...fileSystemMetrics,
  ...processMetrics,
];
const allMetrics = [...containerMetrics, ...networkMetrics];
/** A pod as a whole: its network, and what its cgroup counts of all its containers. */
const podMetrics = [...resourceMetrics, ...networkMetrics];

/** The metrics that a kubelet shows at /metrics/cadvisor, by cAdvisor's names. */
export function metricHandlers(node: Node): Handlers<typeof RuntimeService> {
  return {
    ListMetricDescriptors: async () => ({
      descriptors: allMetrics.map(({ name, help, labels = [] }) => ({
        name,
        help,
        label_keys: [...commonLabels, ...labels],
      })),
    }),
    ListPodSandboxMetrics: async () => {
      const fileSystem = await fileSystemOf(node);
      const pods = readyPods(node);
      return { pod_metrics: await Promise.all(pods.map((pod) => ofPod(node, pod, fileSystem))) };
    },
    StreamPodSandboxMetrics: async function* () {
      const fileSystem = await fileSystemOf(node);
      for (const pod of readyPods(node)) {
        yield { pod_sandbox_metrics: [await ofPod(node, pod, fileSystem)] };
      }
    },
  };
}

function readyPods(node: Node): PodRecord[] {
  return node.pods
    .list()
    .filter((pod) => pod.owner === 'cri' && sandboxOf(node, pod)?.state === 'ready');
}

async function ofPod(
  node: Node,
  pod: PodRecord,
  fileSystem: FileSystem,
): Promise<Draft<PodSandboxMetrics>> {
  const sandbox = sandboxOf(node, pod);
  const { network } = sandbox?.namespaces ?? {};
  const interfaces = network === undefined ? [] : await node.interfaces(network);
  const path = sandbox?.request?.cgroupPath ?? '';
  const statistics = path === '' ? undefined : node.statistics.all(path);
  const running = containersOf(node, pod.id).filter(
    (record) => statusOfContainer(node, record).state === 'running',
  );
  const { name = '', namespace = '' } = podConfigOf(pod).metadata ?? {};
  const processes = readProcessFacts([]);
  const startedAtMs = pod.createdAtMs;
  return {
    pod_sandbox_id: pod.id,
    metrics:
      statistics === undefined
        ? []
        : messages(podMetrics, { statistics, interfaces, processes, startedAtMs }, [
            path,
            pod.id,
            '',
            'POD',
            name,
            namespace,
          ]),
    container_metrics: await Promise.all(
      running.map((record) => ofContainer(node, record, { fileSystem, pod: [name, namespace] })),
    ),
  };
}

async function ofContainer(
  node: Node,
  record: ContainerRecord,
  { fileSystem, pod }: { fileSystem: FileSystem; pod: readonly string[] },
): Promise<Draft<ContainerMetrics>> {
  const spec = specOf(node, record);
  const path = spec?.linux?.cgroupsPath ?? '';
  const layer = await node.layerUse.of(record.id);
  const statistics = path === '' ? undefined : node.statistics.all(path);
  if (spec === undefined || statistics === undefined) return { container_id: record.id };
  const source: MetricSource = {
    statistics,
    spec,
    fileSystem,
    processes: readProcessFacts(statistics.processIds),
    startedAtMs: statusOfContainer(node, record).startedAtMs,
    ...(layer === undefined ? {} : { layer }),
  };
  const container = configOf(record).metadata?.name ?? '';
  const labels = [path, record.id, record.imageName, container, ...pod];
  return { container_id: record.id, metrics: messages(containerMetrics, source, labels) };
}

function messages(
  metrics: readonly Metric[],
  source: MetricSource,
  common: readonly string[],
): Draft<MetricMessage>[] {
  const timestamp = nanoseconds(source.statistics.atMs);
  return metrics.flatMap(({ name, type, values }) =>
    values(source).map(({ value, labels = [] }) => ({
      name,
      timestamp,
      metric_type: type === 'counter' ? MetricType.COUNTER : MetricType.GAUGE,
      label_values: [...common, ...labels],
      value: { value },
    })),
  );
}

/** The file system of the writable layers. */
async function fileSystemOf({ settings }: Node): Promise<FileSystem> {
  const found = await statfs(settings.rootFolder);
  return Object.assign(found, { device: deviceOf(settings.rootFolder) });
}

/** The source of the mount that a folder lies on: that with the longest mount point above it. */
function deviceOf(folder: string): string {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  let best = { point: '', device: '' };
  for (const line of lines) {
    const [left = '', right = ''] = line.split(' - ');
    const point = left.split(' ')[4] ?? '';
    const above = point === '/' || folder === point || folder.startsWith(`${point}/`);
    if (above && point.length >= best.point.length) {
      best = { point, device: right.split(' ')[1] ?? '' };
    }
  }
  return best.device;
}
