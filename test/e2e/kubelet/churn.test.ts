/**
 * Pods come and go without rest, beside a kubelet and a runtime that are killed meanwhile: none is
 * lost, none runs twice, and nothing piles up. A few by default; KEELSON_KUBELET_PODS=110 and
 * KEELSON_KUBELET_ROUNDS=5 make it the whole.
 */
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { until } from '../../until.ts';
import { FaultyNode } from './faulty-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

const pods = Number(process.env['KEELSON_KUBELET_PODS'] ?? 10);
const rounds = Number(process.env['KEELSON_KUBELET_ROUNDS'] ?? 2);
t.setTimeout((300 + pods * rounds * 10) * 1000);
const faulty = await FaultyNode.start({
  configuration: { runtimeRequestTimeout: '2m', maxPods: pods + 10 },
});
t.teardown(() => faulty[Symbol.asyncDispose]());
const { node } = faulty;

async function life(name: string): Promise<number> {
  await faulty.create(name, () => undefined);
  const pod = await node.ready(name);
  await node.delete(name);
  await node.gone(name);
  return pod?.status?.containerStatuses?.[0]?.restartCount ?? 0;
}

function use() {
  const counts = [node.runtime.pid, node.kubeletPid].map((pid) => ({
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    rssMib: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
  }));
  return counts;
}

/** Once while pods start, once while they end. */
const kills = [
  async () => {
    await node.down('SIGKILL');
    await node.up();
  },
  async () => {
    await node.runtime.down('SIGKILL');
    await node.runtime.up();
  },
];

for (let round = 0; round < rounds; round += 1) {
  t.test(`round ${round + 1}: ${pods} pods at once, once each`, async (t) => {
    const names = Array.from({ length: pods }, (_, index) => `churn-${round}-${index}`);
    const lives = Promise.all(names.map(life));
    const kill = kills[round % kills.length];
    const many = () => names.filter((name) => faulty.starts(name, 'main') > 0).length;
    // Pods that have gone by then are counted all the same, for their starts stay written.
    await Promise.race([lives, until(() => many() >= pods / 2)]);
    await kill?.();
    // One that was made and never started when the runtime was killed is made anew, which counts.
    const restarts = await lives;
    t.ok(Math.max(...restarts) <= 1, `restarts: ${restarts.join(' ')}`);
    for (const name of names) {
      t.same([faulty.starts(name, 'init'), faulty.starts(name, 'main')], [1, 1], name);
    }
    t.same(await faulty.leftovers(), []);
  });
}

t.test('nothing piles up in the processes', async (t) => {
  await life('one');
  const before = use();
  const names = Array.from({ length: pods }, (_, index) => `last-${index}`);
  await Promise.all(names.map(life));
  t.same(await faulty.leftovers(), []);
  const isBack = () =>
    use().every((now, index) => now.descriptors <= (before[index]?.descriptors ?? 0) + 8);
  await until(isBack).catch(() => undefined);
  const story = `${JSON.stringify(before)}, then ${JSON.stringify(use())}`;
  t.ok(isBack(), `descriptors: ${story}`);
  const grown = use().map(({ rssMib }, index) => rssMib - (before[index]?.rssMib ?? 0));
  t.ok(Math.max(...grown) < 150, `memory: ${story}`);
});
