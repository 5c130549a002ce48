import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { MetricRegistry } from '../../base/metric-registry.ts';
import { statusOfContainer } from '../container/container-life.ts';
import { ImageUse } from '../image/image-use.ts';
import type { Node } from '../node.ts';
import { sandboxOf } from '../pod/sandbox-of.ts';

const containerStates = ['created', 'running', 'paused', 'exited', 'unknown'];
const podStates = ['ready', 'notReady', 'unknown'];

/** What is looked at when somebody asks: containers, pods, images, and the process itself. */
export function addNodeGauges(node: Node, shims: () => number): void {
  const { registry } = node.metrics;
  const use = new ImageUse(node.images);
  registry.reading(
    { name: 'keelson_containers', help: 'By their state', labels: ['state'] },
    async () => {
      const all = node.containers.list().map((record) => statusOfContainer(node, record).state);
      return count(all, containerStates);
    },
  );
  registry.reading(
    { name: 'keelson_pods', help: 'By their state', labels: ['state'] },
    async () => {
      const all = node.pods.list().map((pod) => sandboxOf(node, pod)?.state ?? 'unknown');
      return count(all, podStates);
    },
  );
  const bytes = { name: 'keelson_image_store_bytes', help: 'Layers and blobs on the disk' };
  registry.reading(bytes, async () => (await use.get()).bytes);
  const images = { name: 'keelson_images', help: 'With a name or without' };
  registry.reading(images, async () => node.images.list().length);
  const supervisors = { name: 'keelson_shims', help: 'Supervisors that the runtime talks to' };
  registry.reading(supervisors, async () => shims());
  const build = { name: 'keelson_build_info', help: 'Always 1', labels: ['version'] };
  registry.reading(build, async () => ({ [node.settings.version]: 1 }));
  addProcessGauges(registry);
}

function count(found: readonly string[], known: readonly string[]): Record<string, number> {
  const counts = Object.fromEntries(known.map((state) => [state, 0]));
  for (const state of found) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** By the names that Prometheus' own clients give them. */
function addProcessGauges(registry: MetricRegistry): void {
  const memory = { name: 'process_resident_memory_bytes', help: 'As ps counts it' };
  registry.reading(memory, async () => process.memoryUsage.rss());
  const own = { name: 'process_private_memory_bytes', help: 'What ends with the process' };
  registry.reading(own, async () => privateBytes());
  const heap = { name: 'nodejs_heap_size_used_bytes', help: 'Of JavaScript objects' };
  registry.reading(heap, async () => process.memoryUsage().heapUsed);
  const descriptors = { name: 'process_open_fds', help: 'Open descriptors' };
  registry.reading(descriptors, async () => (await readdir('/proc/self/fd')).length);
  const start = { name: 'process_start_time_seconds', help: 'Since 1970' };
  registry.reading(start, async () => performance.timeOrigin / 1000);
  const processor = { name: 'process_cpu_seconds_total', help: 'User and system' };
  registry.reading({ ...processor, type: 'counter' }, async () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000_000;
  });
}

/** Not its program, which other processes map too. */
function privateBytes(): number {
  const text = readFileSync('/proc/self/smaps_rollup', 'latin1');
  const lines = text.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm);
  return [...lines].reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0);
}
