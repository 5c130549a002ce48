/** The CRI's events: all that a kubelet knows of pods and containers between two listings. */
import t from 'tap';
import { type Answer, CriClient, sleeper } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';
import { until } from '../until.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(600_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

const config = {
  metadata: { name: 'told', uid: 'u1', namespace: 'ns', attempt: 0 },
  linux: { security_context: { namespace_options: { network: 'NODE', pid: 'CONTAINER' } } },
};
const steps = ['CREATED', 'STARTED', 'STOPPED', 'DELETED'].map((word) => `CONTAINER_${word}_EVENT`);

/** The events of the one whose life this is, in order. */
async function eventsOf(live: () => Promise<string>): Promise<Answer[]> {
  const stream = cri.stream('GetContainerEvents');
  stream.on('error', () => undefined);
  const events: Answer[] = [];
  stream.on('data', (event: Answer) => events.push(event));
  // The call is answered by its first event: until there is one, nobody may be listening yet.
  await until(live, () => events.length > 0);
  const id = await live();
  const ofIt = () => events.filter(({ container_id }) => container_id === id);
  const own = await until(ofIt, ({ length }) => length >= steps.length);
  stream.cancel();
  return own;
}

const words = (events: readonly Answer[]) =>
  events.map(({ container_event_type }) => container_event_type);

t.test('of each step of a container, with the statuses of its pod', async (t) => {
  const pod = { id: await cri.pod(config), config };
  const own = await eventsOf(async () => {
    const id = await cri.run(pod, sleeper({}, ['true']));
    await until(
      () => cri.statusOf(id),
      ({ state }) => state === 'CONTAINER_EXITED',
    );
    await cri.remove(id);
    return id;
  });
  t.same(words(own), steps);
  t.match(own[2], {
    pod_sandbox_status: { id: pod.id, state: 'SANDBOX_READY' },
    containers_statuses: [{ state: 'CONTAINER_EXITED', exit_code: 0, reason: 'Completed' }],
  });
  t.ok(own.every(({ created_at }) => created_at > 1.7e18));
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
});

t.test('of pods: one without containers is known by nothing else', async (t) => {
  let lives = 0;
  const own = await eventsOf(async () => {
    lives += 1;
    const metadata = { ...config.metadata, uid: `pod-${lives}` };
    const id = await cri.pod({ ...config, metadata });
    // The second stop finds nothing to tell of.
    for (const call of ['StopPodSandbox', 'StopPodSandbox', 'RemovePodSandbox']) {
      await cri.call(call, { pod_sandbox_id: id });
    }
    return id;
  });
  t.same(words(own), steps);
  t.ok(own.every(({ container_id, pod_sandbox_status: { id } }) => id === container_id));
  const metadata = { name: 'told', uid: `pod-${lives}` };
  t.match(own[3].pod_sandbox_status, { state: 'SANDBOX_NOTREADY', metadata });
});
