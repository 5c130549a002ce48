/** Pods of the kubelet where limits bite: the tree of classes, what is killed, what is not. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { PrivateNode, shell, waiting } from '../../e2e/kubelet/private-node.ts';
import { until } from '../../until.ts';

t.setTimeout(570_000);
const node = await PrivateNode.start({ configuration: { podPidsLimit: 30 } });
t.teardown(() => node[Symbol.asyncDispose]());

const tree = `/sys/fs/cgroup/${node.runtime.name}/kubepods`;
const read = (path: string): string => readFileSync(`${tree}/${path}`, 'utf8').trim();
/** Pods of the lab's machine have its network: it has no bridge. */
const create = (name: string, containers: object[], more: object = {}) =>
  node.create({ hostNetwork: true, restartPolicy: 'Never', containers, ...more }, { name });

async function running(name: string): Promise<Pod> {
  const pod = await node.ready(name);
  if (pod === undefined) throw new Error(`${name} has gone`);
  return pod;
}

async function remove(...names: readonly string[]): Promise<void> {
  for (const name of names) await node.delete(name);
  for (const name of names) await node.gone(name);
}

/** What the kernel holds against the processes of a pod when memory runs out. */
function scoresIn(cgroup: string): number[] {
  const children = readdirSync(`${tree}/${cgroup}`, { withFileTypes: true });
  return children
    .filter((child) => child.isDirectory())
    .flatMap(({ name }) => read(`${cgroup}/${name}/cgroup.procs`).split('\n').filter(Boolean))
    .map((pid) => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8')));
}

t.test('each class and each pod has the share that its requests say', async (t) => {
  const fixed = { cpu: '200m', memory: '32Mi' };
  const requests = { cpu: '500m', memory: '32Mi' };
  await create('fixed', [shell(waiting, { resources: { requests: fixed, limits: fixed } })]);
  const limits = { memory: '64Mi' };
  await create('burst', [shell(waiting, { resources: { requests, limits } })]);
  await create('poor', [shell(waiting)]);
  const fixedPod = `pod${(await running('fixed')).metadata.uid}`;
  const burstPod = `burstable/pod${(await running('burst')).metadata.uid}`;
  const poorPod = `besteffort/pod${(await running('poor')).metadata.uid}`;
  t.equal(read(`${fixedPod}/cpu.max`), '20000 100000');
  t.equal(read(`${fixedPod}/memory.max`), String(32 << 20));
  t.equal(read(`${burstPod}/cpu.max`), 'max 100000');
  t.equal(read(`${burstPod}/memory.max`), String(64 << 20));
  t.equal(read(`${poorPod}/memory.max`), 'max');
  t.equal(read(`${poorPod}/pids.max`), '30');
  // 512 and 2 of cpu.shares, as cpu.weight.
  t.equal(read('burstable/cpu.weight'), read(`${burstPod}/cpu.weight`));
  t.equal(read('besteffort/cpu.weight'), '1');
  t.ok(Number(read('memory.max')) > 1 << 29, 'all pods have what the machine has');
  t.same(new Set(scoresIn(fixedPod)), new Set([-997]));
  t.ok(scoresIn(burstPod).every((score) => score > 2 && score < 1000));
  t.same(new Set(scoresIn(poorPod)), new Set([1000]));
  await remove('fixed', 'burst', 'poor');
  t.equal(read('burstable/cpu.weight'), '1', 'nobody is left to weigh');
  for (const path of [fixedPod, burstPod, poorPod]) t.notOk(existsSync(`${tree}/${path}`), path);
});

t.test('who takes more memory than it may is OOMKilled, and its pod has failed', async (t) => {
  const resources = { limits: { memory: '32Mi' } };
  await create('hog', [shell('dd if=/dev/zero of=/dev/null bs=64M', { resources })]);
  const pod = await node.until('hog', (one) => one?.status?.phase === 'Failed');
  t.match(pod?.status?.containerStatuses?.[0]?.state?.terminated, {
    reason: 'OOMKilled',
    exitCode: 137,
  });
  await remove('hog');
});

t.test('a fork bomb fills its pod, and nothing beyond', async (t) => {
  await create('bomb', [shell('bomb() { bomb | bomb & }; bomb; sleep 1000')]);
  const { uid } = (await running('bomb')).metadata;
  const current = () => Number(read(`besteffort/pod${uid}/pids.current`));
  t.ok(await until(() => current() > 20), 'it goes off');
  await create('beside', [shell('exit 0')]);
  const beside = await node.until('beside', (pod) => pod?.status?.phase === 'Succeeded');
  t.ok(beside, 'another pod runs to its end beside it');
  t.ok(current() <= 30, `${current()} processes`);
  await remove('bomb', 'beside');
  const cgroup = `${tree}/besteffort/pod${uid}`;
  await until(() => !existsSync(cgroup)).catch(() => t.fail('its cgroup stays', { log: node.log }));
});
