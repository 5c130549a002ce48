/** Statistics and metrics of a kubelet's pods, as it asks for them. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { type Answer, CriClient } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(110_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

const config = {
  metadata: { name: 'stats', uid: 'u1', namespace: 'ns', attempt: 0 },
  labels: { app: 'x' },
  annotations: { note: 'pod' },
  linux: { security_context: { namespace_options: { network: 'NODE', pid: 'CONTAINER' } } },
};
const pod = { id: await cri.pod(config), config };
const busy = await cri.run(pod, {
  metadata: { name: 'busy' },
  image: { image: 'busybox' },
  command: ['sh', '-c', 'while :; do :; done'],
  labels: { role: 'busy' },
  annotations: { note: 'container' },
  linux: { resources: { cpu_shares: 512 } },
});
const waiting = await cri.container(pod, {
  metadata: { name: 'waiting' },
  image: { image: 'busybox' },
  command: ['sleep', '1000'],
});

t.test('a container: attributes, CPU time with its rate, memory, writable layer', async (t) => {
  const first = (await cri.call('ContainerStats', { container_id: busy })).stats;
  t.match(first.attributes, {
    id: busy,
    metadata: { name: 'busy' },
    labels: { role: 'busy' },
    annotations: { note: 'container' },
  });
  await sleep(1500);
  const { cpu, memory, writable_layer } = (await cri.call('ContainerStats', { container_id: busy }))
    .stats;
  for (const part of [cpu, memory, writable_layer]) t.ok(part.timestamp > 1.7e18, 'nanoseconds');
  t.ok(cpu.usage_core_nano_seconds.value > first.cpu.usage_core_nano_seconds.value);
  t.ok(cpu.usage_nano_cores.value > 1e7, `${cpu.usage_nano_cores.value} thousand-millionths`);
  t.ok(cpu.usage_nano_cores.value < 1.2e9, 'one loop cannot use more than one CPU');
  t.ok(memory.working_set_bytes.value > 0);
  t.ok(writable_layer.used_bytes.value > 0);
  t.ok(writable_layer.inodes_used.value > 0);
});

async function ids(filter: object): Promise<string[]> {
  const { stats } = await cri.call('ListContainerStats', { filter });
  return stats.map((item: Answer) => item.attributes.id);
}

t.test('lists filter by id, pod and labels; a created container counts too', async (t) => {
  t.same((await ids({})).toSorted(), [busy, waiting].toSorted());
  t.same(await ids({ label_selector: { role: 'busy' } }), [busy]);
  t.same(await ids({ id: waiting.slice(0, 13) }), [waiting]);
  t.same(await ids({ pod_sandbox_id: 'ffff' }), []);
});

t.test('a pod: its cgroup, its processes and its containers', async (t) => {
  const { stats } = await cri.call('PodSandboxStats', { pod_sandbox_id: pod.id });
  t.match(stats.attributes, { id: pod.id, labels: { app: 'x' }, annotations: { note: 'pod' } });
  t.ok(stats.linux.cpu.usage_core_nano_seconds.value > 0);
  t.ok(stats.linux.memory.timestamp > 0);
  t.ok(stats.linux.process.process_count.value >= 1);
  t.equal(stats.linux.containers.length, 2);
  t.equal(stats.linux.network, null, "on the node's network nothing is the pod's own");
  const filter = { label_selector: { app: 'x' } };
  t.equal((await cri.call('ListPodSandboxStats', { filter })).stats.length, 1);
});

t.test('metrics: what is described is what comes, with as many labels', async (t) => {
  const { descriptors } = await cri.call('ListMetricDescriptors');
  t.equal(descriptors.length, 56);
  const keysOf = new Map(descriptors.map((item: Answer) => [item.name, item.label_keys]));
  const { pod_metrics } = await cri.call('ListPodSandboxMetrics');
  t.equal(pod_metrics.length, 1);
  const [{ pod_sandbox_id, metrics, container_metrics }] = pod_metrics;
  t.equal(pod_sandbox_id, pod.id);
  t.same(
    container_metrics.map((item: Answer) => item.container_id),
    [busy],
    'of running containers',
  );
  const found = [...metrics, ...container_metrics[0].metrics];
  for (const { name, label_values, timestamp } of found) {
    const keys = (keysOf.get(name) ?? []) as string[];
    if (keys.length !== label_values.length) t.fail(`${name}: ${keys.join()}`);
    if (!(timestamp > 1.7e18)) t.fail(`${name} at ${timestamp}`);
  }
  const shares = found.find(({ name }: Answer) => name === 'container_spec_cpu_shares');
  t.match(shares, { value: { value: 512 }, metric_type: 'GAUGE' });
  t.same(shares.label_values.slice(1), [busy, 'busybox', 'busy', 'stats', 'ns']);
  const names = new Set(found.map(({ name }: Answer) => name));
  for (const name of ['cpu_usage_seconds_total', 'fs_usage_bytes', 'threads', 'ulimits_soft']) {
    t.ok(names.has(`container_${name}`), name);
  }
});

t.test('the streaming lists bring each item once, and end', async (t) => {
  const methods = [
    ['StreamPodSandboxes', 'pod_sandboxes', 1],
    ['StreamContainers', 'containers', 2],
    ['StreamContainerStats', 'container_stats', 2],
    ['StreamPodSandboxStats', 'pod_sandbox_stats', 1],
    ['StreamPodSandboxMetrics', 'pod_sandbox_metrics', 1],
    ['StreamImages', 'images', 1],
  ] as const;
  for (const [method, field, count] of methods) {
    let items = 0;
    for await (const answer of cri.stream(method) as AsyncIterable<Answer>) {
      items += answer[field].length;
      t.ok(answer[field].length >= 1, `${method}: no empty batch`);
    }
    t.equal(items, count, method);
  }
});

t.test('what has ended and what is removed has no statistics left', async (t) => {
  await cri.call('StopContainer', { container_id: busy, timeout: 0 });
  const { stats } = await cri.call('ListContainerStats');
  t.same(
    stats.map((item: Answer) => item.attributes.id),
    [waiting],
  );
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
  t.same((await cri.call('ListPodSandboxMetrics')).pod_metrics, []);
  await t.rejects(cri.call('PodSandboxStats', { pod_sandbox_id: pod.id }), { code: 5 });
});
