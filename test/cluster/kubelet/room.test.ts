/** A node that runs out of room: by thresholds that any machine has crossed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../../src/base/clock.ts';
import { openLog } from '../../../src/base/log.ts';
import type * as cri from '../../../src/cri/generated/runtime.ts';
import { readKubeletConfiguration } from '../../../src/kubelet/config/kubelet-configuration.ts';
import type { NodeEvent } from '../../../src/kubelet/node/node-options.ts';
import { openNodeState } from '../../../src/kubelet/node/open-node-state.ts';
import { ImageCollector } from '../../../src/kubelet/node/room/image-collector.ts';
import { PodTable } from '../../e2e/kubelet-parts.ts';
import { IdleRuntime } from './idle-runtime.ts';
import { succeeds } from './succeeds.ts';

t.setTimeout(300_000);

const log = openLog('test');
log.level = 'silent';
const root = mkdtempSync(join(tmpdir(), 'keelson-room-'));
t.teardown(() => rmSync(root, { recursive: true, force: true }));

function configured(...lines: readonly string[]) {
  const head = ['apiVersion: kubelet.config.k8s.io/v1beta1', 'kind: KubeletConfiguration'];
  return readKubeletConfiguration([...head, 'failSwapOn: false', ...lines].join('\n'))
    .configuration;
}

/** Runs containers that only exist in its statistics. */
class BusyRuntime extends IdleRuntime {
  readonly removed: string[] = [];
  containers: cri.Container[] = [];
  statistics: cri.ContainerStats[] = [];

  async containerStatistics(): Promise<readonly cri.ContainerStats[]> {
    return this.statistics;
  }

  async podStatistics(): Promise<readonly cri.PodSandboxStats[]> {
    return [];
  }

  async listContainers(): Promise<readonly cri.Container[]> {
    return this.containers;
  }

  async imageFileSystem(): Promise<cri.ImageFsInfoResponse> {
    const image = { timestamp: 0, fs_id: { mountpoint: root } };
    return { image_filesystems: [image], container_filesystems: [image] };
  }

  async removeImage({ image }: { image?: string }): Promise<void> {
    this.removed.push(image ?? '');
    this.images = this.images.filter(({ id }) => id !== image);
  }
}

function addPod(
  table: PodTable,
  runtime: BusyRuntime,
  { name, bytes, priority = 0 }: { name: string; bytes: number; priority?: number },
): void {
  const running = { startedAt: '2026-01-01T00:00:00Z' };
  const status = { name: 'main', state: { running } };
  table.put({
    metadata: { name, namespace: 'default', uid: name },
    spec: { containers: [{ name: 'main' }], priority },
    status: { phase: 'Running', containerStatuses: [status] },
  } as never);
  table.containers.set(`${name}/main`, name);
  const attributes = { id: name, labels: {}, annotations: {} };
  const memory = { timestamp: 0, working_set_bytes: { value: bytes } };
  runtime.statistics.push({ attributes, memory });
}

async function openNode(configuration: ReturnType<typeof configured>, runtime: BusyRuntime) {
  const events: NodeEvent[] = [];
  const tell = (event: NodeEvent) => void events.push(event);
  const options = { name: 'host01', clock: systemClock, log, runtime: runtime.asRuntime, root };
  const addresses = ['192.0.2.1'];
  const node = await openNodeState({ ...options, addresses, configuration, tell });
  return { node, events };
}

function image(id: string, pinned = false): cri.Image {
  return { id, repo_tags: [`${id}:1`], repo_digests: [], size: 10, username: '', pinned };
}

t.test('under memory pressure pods go, the largest first, the critical never', async (t) => {
  const runtime = new BusyRuntime();
  const table = new PodTable();
  addPod(table, runtime, { name: 'small', bytes: 10 });
  addPod(table, runtime, { name: 'large', bytes: 1000 });
  addPod(table, runtime, { name: 'critical', bytes: 5000, priority: 2_000_000_000 });
  const { node, events } = await openNode(
    configured('evictionHard: {memory.available: 100%}', 'evictionMinimumReclaim: {}'),
    runtime,
  );
  await using _node = node;
  t.same(node.pressure(), { memory: false, disk: false, processes: false });
  node.manage(table);
  await succeeds(async () => {
    if (table.failures.length < 2) throw new Error('still there');
  });
  t.same(
    table.failures.map(({ uid }) => uid),
    ['large', 'small'],
  );
  t.match(table.failures[0], {
    reason: 'Evicted',
    graceSeconds: 0,
    message:
      /^The node was low on resource: memory\. Threshold quantity: \d+Ki, available: \d+Ki\. Cont/,
  });
  t.equal(table.pods.has('critical'), true);
  t.same(node.pressure(), { memory: true, disk: false, processes: false });
  t.ok(events.some(({ reason }) => reason === 'EvictionThresholdMet'));
  t.ok(events.some(({ reason, podUid }) => reason === 'Evicted' && podUid === 'large'));
});

t.test('a soft threshold waits for its grace, and ends pods gently', async (t) => {
  const runtime = new BusyRuntime();
  const table = new PodTable();
  addPod(table, runtime, { name: 'soft', bytes: 10 });
  const { node } = await openNode(
    configured(
      'evictionHard: {}',
      'evictionSoft: {memory.available: 100%}',
      'evictionSoftGracePeriod: {memory.available: 1h}',
      'evictionMaxPodGracePeriod: 7',
    ),
    runtime,
  );
  await using _node = node;
  node.manage(table);
  await succeeds(async () => {
    if (!node.pressure().memory) throw new Error('no pressure');
  });
  t.same(table.failures, [], 'pressure is told, and nobody has gone yet');
});

t.test('images that nothing uses make room before pods do', async (t) => {
  const runtime = new BusyRuntime();
  runtime.images = [image('used'), image('idle'), image('pause', true)];
  runtime.containers = [
    { id: 'c', image: { image: 'used:1' }, image_ref: 'used', image_id: 'used' },
  ] as unknown as cri.Container[];
  const collector = new ImageCollector({
    runtime: runtime.asRuntime,
    clock: systemClock,
    log,
    configuration: configured(),
  });
  await collector.collectAll();
  t.same(runtime.removed, ['idle']);
  runtime.images.push(image('fresh'));
  await collector.collectAll();
  t.same(runtime.removed, ['idle'], 'what came just now may be about to be used');
  const full = new ImageCollector({
    runtime: runtime.asRuntime,
    clock: systemClock,
    log,
    configuration: {
      imageMinimumGCAge: 0,
      imageMaximumGCAge: 0,
      imageGCHighThresholdPercent: 0,
      imageGCLowThresholdPercent: 0,
    },
  });
  await t.rejects(full.collect(), { message: /^Failed to garbage collect required amount/ });
  t.same(runtime.removed, ['idle', 'fresh']);
});
