/**
 * Each call that a kubelet makes for a pod is refused, loses its answer, hangs or comes late, once:
 * the pod becomes ready all the same, no program runs twice, and nothing stays when it is deleted.
 * All those pods live at the same time, so what hangs for one must not hold up another.
 */
import t from 'tap';
import { FaultyNode } from './faulty-node.ts';
import { type CallName, faults } from './runtime-proxy.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
const faulty = await FaultyNode.start();
t.teardown(() => faulty[Symbol.asyncDispose]());
const { node, proxy } = faulty;
t.jobs = Infinity;

/** In the life of a pod with an init container and an exec probe; the n-th where it says so. */
const calls: readonly (readonly [CallName, number?])[] = [
  ['ListPodSandbox'],
  ['ListContainers'],
  ['RunPodSandbox'],
  ['PodSandboxStatus'],
  ['CreateContainer'],
  ['CreateContainer', 2],
  ['StartContainer'],
  ['StartContainer', 2],
  ['ContainerStatus'],
  ['ExecSync'],
  ['StopContainer'],
  ['StopPodSandbox'],
  ['RemoveContainer'],
  ['RemoveContainer', 2],
  ['RemovePodSandbox'],
];

const cases = Object.entries(faults).flatMap(([words, fault]) =>
  calls.map(([name, nth = 1], index) => ({
    title: `${name}${nth === 1 ? '' : ` ${nth}`} ${words}`,
    pod: `${words.replaceAll(' ', '-')}-${index}`,
    rule: { name, nth, fault },
  })),
);

const plain = 'undisturbed';
const laid = await Promise.all(
  cases.map(async ({ title, pod, rule }) => {
    let hit = Promise.resolve();
    await faulty.create(pod, (about) => {
      hit = proxy.lay({ ...rule, about });
    });
    return { title, pod, hit };
  }),
);

t.test('another pod comes and goes while calls hang', async (t) => {
  const begun = Date.now();
  await faulty.create(plain, () => undefined);
  await node.ready(plain);
  await node.delete(plain);
  await node.gone(plain);
  t.comment(`${Date.now() - begun} ms`);
});

for (const { title, pod, hit } of laid) {
  // Together, for deletions hang as well.
  t.test(title, { buffered: true }, async (t) => {
    const found = await node.ready(pod);
    const [main] = found?.status?.containerStatuses ?? [];
    t.equal(main?.restartCount, 0);
    await node.delete(pod);
    await node.gone(pod);
    t.same([faulty.starts(pod, 'init'), faulty.starts(pod, 'main')], [1, 1], 'each started once');
    await hit;
  });
}

t.test('nothing is left of them', async (t) => {
  t.same(await faulty.leftovers(), []);
});
