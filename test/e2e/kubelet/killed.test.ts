/**
 * Kubelet and runtime killed while twenty pods are each at another step of their start or their
 * end: before a call is done, and after it with nobody told. Who comes next neither loses nor
 * doubles any of them.
 */
import t from 'tap';
import { FaultyNode } from './faulty-node.ts';
import type { CallName, Fault } from './runtime-proxy.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
const faulty = await FaultyNode.start({ configuration: { runtimeRequestTimeout: '10m' } });
t.teardown(() => faulty[Symbol.asyncDispose]());
const { node, proxy } = faulty;

/** All that changes something for a pod with an init container, in its order. */
const starting: readonly (readonly [CallName, number])[] = [
  ['RunPodSandbox', 1],
  ['CreateContainer', 1],
  ['StartContainer', 1],
  ['CreateContainer', 2],
  ['StartContainer', 2],
];
const ending: readonly (readonly [CallName, number])[] = [
  ['StopContainer', 1],
  ['StopPodSandbox', 1],
  ['RemoveContainer', 1],
  ['RemoveContainer', 2],
  ['RemovePodSandbox', 1],
];

const cases = [...starting, ...ending].flatMap(([name, nth], step) =>
  [false, true].map((done) => ({
    pod: `${step}-${done ? 'done' : 'asked'}`,
    title: `${name} ${nth} ${done ? 'done' : 'asked for'}`,
    ends: step >= starting.length,
    rule: { name, nth },
    done,
  })),
);

const namesOf = (round: number) => (pod: string) => `r${round}-${pod}`;

const rounds = {
  kubelet: async (go: () => void) => {
    await node.down('SIGKILL');
    go();
    await node.up();
  },
  runtime: async (go: () => void) => {
    await node.runtime.down('SIGKILL');
    go();
    await node.runtime.up();
  },
  'kubelet and the runtime': async (go: () => void) => {
    await Promise.all([node.down('SIGKILL'), node.runtime.down('SIGKILL')]);
    go();
    await Promise.all([node.runtime.up(), node.up()]);
  },
} as const;

for (const [index, [who, kill]] of Object.entries(rounds).entries()) {
  t.test(`the ${who} killed: each pod runs once or is gone`, async (t) => {
    const released = Promise.withResolvers<void>();
    const held = (done: boolean, reached: () => void): Fault => {
      return async (call) => {
        if (done) await call.perform();
        reached();
        await released.promise;
        call.refuse();
      };
    };
    const nameOf = namesOf(index);
    await Promise.all(
      cases.map(async ({ pod, rule, done, ends }) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        await faulty.create(nameOf(pod), (about) => {
          void proxy.lay({ ...rule, about, fault: held(done, resolve) });
        });
        if (ends) {
          await node.ready(nameOf(pod));
          await node.delete(nameOf(pod));
        }
        await promise;
      }),
    );
    // What is under way at that moment is killed with the rest.
    await faulty.create(nameOf('busy'), () => undefined);
    await kill(() => released.resolve());
    proxy.clear();
    for (const { pod, title, ends } of [...cases, { pod: 'busy', title: 'busy', ends: false }]) {
      const name = nameOf(pod);
      if (!ends) {
        const [main] = (await node.ready(name))?.status?.containerStatuses ?? [];
        t.equal(main?.restartCount, 0, title);
        await node.delete(name);
      }
    }
    for (const { pod, title } of cases) {
      const name = nameOf(pod);
      await node.gone(name);
      t.same([faulty.starts(name, 'init'), faulty.starts(name, 'main')], [1, 1], title);
    }
    await node.gone(nameOf('busy'));
    t.same(await faulty.leftovers(), []);
  });
}

for (const [index, point] of ['kubelet.pod.removed', 'kubelet.pod.deleted'].entries()) {
  t.test(`killed at ${point} nothing of the pod stays`, async (t) => {
    const name = `end-${index}`;
    await faulty.create(name, () => undefined);
    await node.ready(name);
    await node.down();
    await node.up({ KEELSON_FAULT: point });
    await node.delete(name);
    await node.ended();
    await node.up();
    await node.gone(name);
    t.same(await faulty.leftovers(), []);
  });
}
