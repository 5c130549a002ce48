import t from 'tap';
import { setImmediate } from 'node:timers/promises';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import type { Image } from '../../../src/cri/generated/runtime.ts';
import { ImagePuller } from '../../../src/kubelet/image/image-puller.ts';
import { PodEvents } from '../../../src/kubelet/pod/pod-events.ts';
import type { ContainerRuntime } from '../../../src/kubelet/runtime/container-runtime.ts';
import { FakeClock } from '../../simulation/fake-clock.ts';

function podOf(image: string): Pod {
  const container = { name: 'main', image, imagePullPolicy: 'IfNotPresent' };
  return { metadata: { uid: image }, spec: { containers: [container] } };
}

const sandbox = () => ({});

/** A runtime with a registry that answers when it is told to. */
function scene(serialize: boolean) {
  const clock = new FakeClock(0);
  const asked = new Map<string, PromiseWithResolvers<string>>();
  const there = new Set<string>();
  const looks: string[] = [];
  const runtime = {
    imageStatus: async ({ image = '' }) => {
      looks.push(image);
      return there.has(image) ? ({ id: image, size: 1 } as Image) : undefined;
    },
    pullImage: async ({ image }) => {
      const name = image?.image ?? '';
      const answer = Promise.withResolvers<string>();
      asked.set(name, answer);
      await answer.promise;
      there.add(name);
      return name;
    },
  } as Partial<ContainerRuntime> as ContainerRuntime;
  const events = new PodEvents(undefined, 'host', () => undefined);
  const puller = new ImagePuller({ runtime, clock, events, serialize });
  const ensure = (image: string, pod = podOf(image)) => {
    const container = pod.spec?.containers[0] ?? { name: 'main' };
    const what = { role: 'main', container } as const;
    const [name, policy] = [image, 'IfNotPresent'];
    return puller.ensure({ pod, name, policy, what, sandbox, secrets: async () => [] });
  };
  return { clock, asked, ensure, puller, there, looks };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
}

t.test('one pull at a time; one that hangs holds the next up for a minute', async (t) => {
  const { clock, asked, ensure } = scene(true);
  const slow = ensure('slow:1');
  const next = ensure('next:1');
  await settle();
  t.same([...asked.keys()], ['slow:1']);
  await clock.pass(59_000);
  await settle();
  t.same([...asked.keys()], ['slow:1']);
  await clock.pass(2000);
  await settle();
  t.same([...asked.keys()], ['slow:1', 'next:1']);
  asked.get('next:1')?.resolve('');
  t.match(await next, { image: { id: 'next:1' } });
  asked.get('slow:1')?.reject(new Error('gone'));
  t.match(await slow, { failure: { reason: 'ErrImagePull', message: 'gone' } });
});

t.test('the next pull begins when the one before it has ended, well or not', async (t) => {
  const { asked, ensure } = scene(true);
  const all = ['a:1', 'b:1', 'c:1'].map((image) => ensure(image));
  await settle();
  asked.get('a:1')?.reject(new Error('no'));
  await settle();
  asked.get('b:1')?.resolve('');
  await settle();
  asked.get('c:1')?.resolve('');
  const outcomes = await Promise.all(all);
  t.match(outcomes, [{ failure: {} }, { image: { id: 'b:1' } }, { image: { id: 'c:1' } }]);
});

t.test('where pulls are not serialized none waits for another image', async (t) => {
  const { asked, ensure } = scene(false);
  const [, , same] = ['a:1', 'b:1', 'a:1'].map((image) => ensure(image));
  await settle();
  t.same([...asked.keys()], ['a:1', 'b:1']);
  asked.get('a:1')?.resolve('');
  await settle();
  asked.get('a:1')?.resolve('');
  t.match(await same, { image: { id: 'a:1' } });
});

t.test('what was asked ahead is taken once, and an absence never', async (t) => {
  const { puller, ensure, there, looks } = scene(false);
  const pod = podOf('early:1');
  there.add('early:1');
  puller.lookAhead(pod);
  t.match(await ensure('early:1', pod), { image: { id: 'early:1' } });
  t.same(looks, ['early:1'], 'one question');
  there.delete('early:1');
  puller.lookAhead(pod);
  there.add('early:1');
  t.match(await ensure('early:1', pod), { image: { id: 'early:1' } }, 'it has come meanwhile');
  await ensure('early:1', pod);
  t.equal(looks.length, 4, 'the next start asks for itself');
});
