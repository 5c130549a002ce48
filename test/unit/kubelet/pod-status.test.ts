import t from 'tap';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { type PodKnowledge, podStatus } from '../../../src/kubelet/pod/pod-status.ts';
import type { ObservedPod } from '../../../src/kubelet/runtime/observed-pod.ts';
import { annotation } from '../../../src/kubelet/runtime/record.ts';
import { container, exited, initContainer, nowMs, observed, podOf } from './scene.ts';

function status(pod: Pod, seen: ObservedPod, more: Partial<PodKnowledge> = {}) {
  const ids = new Set(seen.containers.map(({ id }) => id));
  return podStatus({
    pod,
    observed: seen,
    nowMs,
    started: ids,
    ready: ids,
    failures: new Map(),
    messages: new Map(),
    runtimeName: 'keelson',
    ending: false,
    hostAddresses: ['192.168.0.7'],
    startTime: '2026-01-02T03:00:00Z',
    failure: undefined,
    ...more,
  });
}

function condition(made: Pod['status'], type: string) {
  return made?.conditions?.find((one) => one.type === type);
}

t.test('a pod without a sandbox is pending', async (t) => {
  const made = status(podOf(), observed([], []));
  t.match(made, {
    phase: 'Pending',
    hostIP: '192.168.0.7',
    containerStatuses: [{ state: { waiting: { reason: 'ContainerCreating' } }, ready: false }],
  });
  t.notOk('podIP' in made);
  t.match(condition(made, 'PodReadyToStartContainers'), { status: 'False' });
  t.match(condition(made, 'Ready'), {
    status: 'False',
    reason: 'ContainersNotReady',
    message: 'containers with unready status: [main]',
  });
});

t.test('a pod whose containers are ready is ready', async (t) => {
  const made = status(podOf(), observed([container()]));
  t.match(made, {
    phase: 'Running',
    podIP: '10.1.0.5',
    podIPs: [{ ip: '10.1.0.5' }],
    qosClass: 'BestEffort',
    containerStatuses: [{ started: true, ready: true, containerID: 'keelson://main0' }],
  });
  for (const type of ['PodScheduled', 'PodReadyToStartContainers', 'Initialized', 'Ready']) {
    t.equal(condition(made, type)?.status, 'True', type);
  }
  t.match(status(podOf({ hostNetwork: true }), observed([container()])), { podIP: '192.168.0.7' });
});

t.test('a condition keeps the time of its last change', async (t) => {
  const at = '2026-01-01T00:00:00Z';
  const known = [
    { type: 'Ready', status: 'True', lastTransitionTime: at },
    { type: 'Initialized', status: 'False', lastTransitionTime: at },
  ];
  const made = status(podOf({}, { conditions: known }), observed([container()]));
  t.equal(condition(made, 'Ready')?.lastTransitionTime, at);
  t.equal(condition(made, 'Initialized')?.lastTransitionTime, '2026-01-02T03:04:05Z');
});

t.test('gates of others keep a pod from being ready', async (t) => {
  const readinessGates = [{ conditionType: 'lb' }];
  const made = status(podOf({ readinessGates }), observed([container()]));
  t.match(condition(made, 'Ready'), {
    status: 'False',
    reason: 'ReadinessGatesNotReady',
    message: 'corresponding condition of pod readiness gate "lb" does not exist.',
  });
  const conditions = [{ type: 'lb', status: 'True' }];
  const open = status(podOf({ readinessGates }, { conditions }), observed([container()]));
  t.equal(condition(open, 'Ready')?.status, 'True');
});

t.test('before its init containers have ended a pod initializes', async (t) => {
  const initContainers = [initContainer('one'), initContainer('two')];
  const pod = podOf({ initContainers });
  const made = status(pod, observed([exited(0, { name: 'one' }), container({ name: 'two' })]));
  t.match(made, {
    phase: 'Pending',
    initContainerStatuses: [
      { ready: true, state: { terminated: { reason: 'Completed' } } },
      { state: { running: {} } },
    ],
    containerStatuses: [{ state: { waiting: { reason: 'PodInitializing' } } }],
  });
  t.match(condition(made, 'Initialized'), {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: 'containers with incomplete status: [two]',
  });
});

t.test('a container in its pause is in CrashLoopBackOff', async (t) => {
  const annotations = { [annotation.backOffSeconds]: '80' };
  const made = status(podOf(), observed([exited(2, { attempt: 3, annotations })]));
  t.match(made, {
    phase: 'Running',
    containerStatuses: [
      {
        restartCount: 3,
        state: {
          waiting: {
            reason: 'CrashLoopBackOff',
            message: 'back-off 1m20s restarting failed container=main pod=web_default(u1)',
          },
        },
        lastState: { terminated: { exitCode: 2, reason: 'Error' } },
      },
    ],
  });
});

t.test('phases of pods that end', async (t) => {
  for (const [restartPolicy, exitCode, phase] of [
    ['Never', 0, 'Succeeded'],
    ['Never', 1, 'Failed'],
    ['OnFailure', 0, 'Succeeded'],
    ['OnFailure', 1, 'Running'],
    ['Always', 0, 'Running'],
  ] as const) {
    const made = status(podOf({ restartPolicy }), observed([exited(exitCode)]));
    t.equal(made.phase, phase, `${restartPolicy} ${exitCode}`);
  }
  const ending = { ending: true };
  t.equal(status(podOf(), observed([exited(0)]), ending).phase, 'Succeeded');
  t.equal(status(podOf(), observed([exited(137)]), ending).phase, 'Failed');
});

t.test('reasons of the runtime are kept, and last words are shown', async (t) => {
  const killed = exited(137, { reason: 'OOMKilled' });
  const messages = new Map([['main0', 'no room']]);
  const pod = podOf({ restartPolicy: 'Never' });
  const made = status(pod, observed([killed]), { messages });
  t.match(made.containerStatuses?.[0]?.state, {
    terminated: { reason: 'OOMKilled', exitCode: 137, message: 'no room' },
  });
});

t.test('a pod that the node ended failed for its reason', async (t) => {
  const failure = { reason: 'Evicted', message: 'The node was low on resource: memory.' };
  const made = status(podOf(), observed([exited(0)]), { failure, ending: true });
  t.match(made, { phase: 'Failed', ...failure });
  t.match(condition(made, 'DisruptionTarget'), { reason: 'TerminationByKubelet' });
  t.equal(status(podOf(), observed([container()]), { failure, ending: true }).phase, 'Running');
});

t.test('what was removed from the runtime is not forgotten', async (t) => {
  const before = {
    name: 'main',
    ready: false,
    restartCount: 4,
    image: 'busybox',
    imageID: 'sha256:1',
    containerID: 'keelson://x',
    state: { terminated: { exitCode: 3 } },
  };
  const pod = podOf({}, { containerStatuses: [before] });
  t.same(status(pod, observed([]), { ending: true }).containerStatuses, [before]);
  const lost = { ...before, state: { running: {} } };
  const unknown = podOf({}, { containerStatuses: [lost] });
  t.match(status(unknown, observed([]), { ending: true }).containerStatuses, [
    { state: { terminated: { reason: 'ContainerStatusUnknown', exitCode: 137 } } },
  ]);
});

t.test('why a container waits is told, and nothing of what is held beside it', async (t) => {
  const refusal = { reason: 'ErrImageNeverPull', message: 'no', retryAtMs: 7, failures: 3 };
  const failures = new Map([['main', refusal]]);
  const waiting = { reason: 'ErrImageNeverPull', message: 'no' };
  const [never] = status(podOf(), observed([]), { failures }).containerStatuses ?? [];
  t.same(never?.state, { waiting });
  const made = observed([container({ state: 'created' })]);
  const [created] = status(podOf(), made, { failures }).containerStatuses ?? [];
  t.same(created?.state, { waiting });
  const [again] = status(podOf(), observed([exited(1)]), { failures }).containerStatuses ?? [];
  t.same(again?.state, { waiting });
});

t.test('a status tells what a container was given: resources, mounts, user', async (t) => {
  const resources = { requests: { cpu: '10m' }, limits: { memory: '8Mi' } };
  const main = {
    name: 'main',
    image: 'busybox',
    resources,
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'token', mountPath: '/token', readOnly: true },
      { name: 'all', mountPath: '/all', readOnly: true, recursiveReadOnly: 'Enabled' },
    ],
  };
  const user = { uid: 1000, gid: 3000, supplementalGroups: [3000, 4000] };
  const pod = podOf({ containers: [main] });
  const [running] = status(pod, observed([container({ user })])).containerStatuses ?? [];
  t.match(running, {
    resources,
    allocatedResources: { cpu: '10m' },
    user: { linux: user },
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'token', mountPath: '/token', readOnly: true, recursiveReadOnly: 'Disabled' },
      { name: 'all', mountPath: '/all', readOnly: true, recursiveReadOnly: 'Enabled' },
    ],
  });
  t.notOk('readOnly' in (running?.volumeMounts?.[0] ?? {}));
  const [waiting] = status(pod, observed([])).containerStatuses ?? [];
  t.equal(waiting?.volumeMounts?.length, 3);
  t.notOk('resources' in (waiting ?? {}), 'nothing was given yet');
});

const names = (list: readonly { name: string }[] | undefined) => list?.map(({ name }) => name);

t.test('containers stand in the order of their names, init containers in that of turns', (t) => {
  const spec = {
    initContainers: [initContainer('z'), initContainer('a')],
    containers: ['web', 'db'].map((name) => ({ name, image: 'busybox' })),
  };
  const made = status(podOf(spec), observed([]));
  t.same(names(made.containerStatuses), ['db', 'web']);
  t.same(names(made.initContainerStatuses), ['z', 'a']);
  t.match(condition(made, 'ContainersReady'), { message: /unready status: \[web db\]/ });
  t.end();
});
