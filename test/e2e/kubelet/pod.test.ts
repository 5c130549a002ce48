/** Pods of our kubelet over our runtime, as kubectl sees them. */
import t from 'tap';
import type { Pod } from '../../../src/api/types/generated/core-v1.ts';
import { openRuntime } from '../../../src/kubelet/runtime/open-runtime.ts';
import { PrivateNode, shell, waiting } from './private-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(400_000);
const node = await PrivateNode.start();
t.teardown(() => node[Symbol.asyncDispose]());

t.test('a bound pod runs, is ready, and leaves nothing when it is deleted', async (t) => {
  await node.create({ containers: [shell(`echo hello; ${waiting}`)] }, { name: 'web' });
  const pod = await node.ready('web');
  t.match(pod?.status, {
    phase: 'Running',
    hostIP: '127.0.0.1',
    podIP: /^10\./,
    qosClass: 'BestEffort',
    containerStatuses: [
      { name: 'main', ready: true, started: true, restartCount: 0, containerID: /^keelson:/ },
    ],
  });
  for (const reason of ['Pulled', 'Created', 'Started']) {
    await node.told('web', new RegExp(`^${reason} `));
  }
  if (node.coordinator.skip === false) {
    t.equal(await node.kubectl('logs', 'web'), 'hello\n');
    t.equal(await node.kubectl('exec', 'web', '--', 'hostname'), 'web\n');
    t.match(await node.kubectl('get', 'pods'), /^web +1\/1 +Running +0 /m);
  }
  await node.delete('web');
  await node.gone('web');
});

const succeeded = (pod: Pod | undefined) => pod?.status?.phase === 'Succeeded';
const mainOf = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0];

t.test('init containers run in their order before the others; a sidecar stays', async (t) => {
  const init = [
    shell('echo one >>/tmp/order; exit 0', { name: 'one' }),
    shell(`echo side; ${waiting}`, { name: 'side', restartPolicy: 'Always' }),
    shell('exit 0', { name: 'two' }),
  ];
  const containers = [shell('sleep 1; exit 0')];
  const spec = { initContainers: init, containers, restartPolicy: 'Never' };
  await node.create(spec, { name: 'initial' });
  const pod = await node.until('initial', succeeded);
  t.match(pod?.status, {
    conditions: [
      {},
      { type: 'Initialized', status: 'True', reason: 'PodCompleted' },
      { type: 'Ready', status: 'False', reason: 'PodCompleted' },
    ],
    initContainerStatuses: [
      { name: 'one', ready: true, state: { terminated: { reason: 'Completed', exitCode: 0 } } },
      { name: 'side', state: { terminated: { exitCode: 0 } } },
      { name: 'two', state: { terminated: { exitCode: 0 } } },
    ],
    containerStatuses: [{ state: { terminated: { reason: 'Completed' } }, ready: false }],
  });
  const started = (pod?.status?.initContainerStatuses ?? []).map(
    ({ state }) => state?.terminated?.startedAt ?? '',
  );
  t.same(started, started.toSorted());
  await node.delete('initial');
  await node.gone('initial');
});

t.test('a container that fails is started again, at once and then after a pause', async (t) => {
  const containers = [shell('echo gone >/dev/termination-log; exit 3')];
  await node.create({ containers }, { name: 'crash' });
  const pod = await node.until('crash', (now) => {
    return mainOf(now)?.state?.waiting?.reason === 'CrashLoopBackOff';
  });
  t.match(mainOf(pod), {
    restartCount: 1,
    ready: false,
    state: { waiting: { message: /^back-off 10s restarting failed container=main pod=crash_def/ } },
    lastState: { terminated: { exitCode: 3, reason: 'Error', message: 'gone\n' } },
  });
  t.equal(pod?.status?.phase, 'Running');
  await node.delete('crash');
  await node.gone('crash');
});

t.test('Never leaves a failed container alone; its last words may be of its log', async (t) => {
  const more = { terminationMessagePolicy: 'FallbackToLogsOnError' };
  const containers = [shell('echo the end; exit 4', more)];
  await node.create({ containers, restartPolicy: 'Never' }, { name: 'failed' });
  const pod = await node.until('failed', (now) => now?.status?.phase === 'Failed');
  t.match(mainOf(pod)?.state, { terminated: { exitCode: 4, message: 'the end\n' } });
  await node.delete('failed');
  await node.gone('failed');
});

t.test('probes say when a container has started, is ready, and must go', async (t) => {
  const quick = { periodSeconds: 1, failureThreshold: 30 };
  const probes = {
    startupProbe: { exec: { command: ['test', '-e', '/tmp/started'] }, ...quick },
    readinessProbe: { exec: { command: ['test', '-e', '/tmp/ready'] }, ...quick },
    livenessProbe: {
      exec: { command: ['test', '!', '-e', '/tmp/dead'] },
      periodSeconds: 1,
      failureThreshold: 1,
    },
  };
  const script = `sleep 1; touch /tmp/started; sleep 1; touch /tmp/ready; ${waiting}`;
  await node.create({ containers: [shell(script, probes)] }, { name: 'probed' });
  const first = await node.until('probed', (now) => mainOf(now)?.state?.running !== undefined);
  t.match(mainOf(first), { started: false, ready: false });
  const pod = await node.ready('probed');
  const id = mainOf(pod)?.containerID?.split('//')[1] ?? '';
  using runtime = openRuntime(node.runtime.socket);
  await runtime.execSync(id, ['touch', '/tmp/dead'], 10);
  const again = await node.until('probed', (now) => mainOf(now)?.restartCount === 1);
  t.match(mainOf(again)?.lastState, { terminated: { exitCode: 0 } });
  await node.told('probed', /^Unhealthy Liveness probe failed: /);
  await node.told('probed', /^Unhealthy Startup probe failed: /);
  await node.told('probed', /^Killing Container main failed liveness probe, will be restarted$/);
  await node.delete('probed');
  await node.gone('probed');
});

t.test('hooks run after the start and before the end; a failing postStart ends it', async (t) => {
  const lifecycle = {
    postStart: { exec: { command: ['sh', '-c', 'echo started >/proc/1/fd/1'] } },
    preStop: { exec: { command: ['sh', '-c', 'echo stopping >/proc/1/fd/1'] } },
  };
  await node.create({ containers: [shell(waiting, { lifecycle })] }, { name: 'hooked' });
  await node.ready('hooked');
  const failing = { lifecycle: { postStart: { exec: { command: ['false'] } } } };
  await node.create({ containers: [shell(waiting, failing)] }, { name: 'unhooked' });
  await node.until('unhooked', (now) => (mainOf(now)?.restartCount ?? 0) > 0);
  await node.told('unhooked', /^FailedPostStartHook /);
  await node.delete('unhooked');
  await node.delete('hooked');
  await node.gone('hooked');
  await node.gone('unhooked');
  t.match(node.log, /ready/);
});

t.test('variables come from objects, the pod itself and other variables', async (t) => {
  const core = '/api/v1/namespaces/default';
  const { coordinator } = node;
  await coordinator.make(`${core}/configmaps`, {
    metadata: { name: 'settings' },
    data: { COLOUR: 'blue', SIZE: '3' },
  });
  await coordinator.make(`${core}/secrets`, {
    metadata: { name: 'secret' },
    stringData: { word: 'xyzzy' },
  });
  const more = {
    envFrom: [{ configMapRef: { name: 'settings' }, prefix: 'SET_' }],
    env: [
      { name: 'WORD', valueFrom: { secretKeyRef: { name: 'secret', key: 'word' } } },
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'ADDRESS', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } },
      { name: 'BOTH', value: '$(SET_COLOUR)-$(WORD) $$(WORD)' },
    ],
    resources: { limits: { memory: '64Mi', cpu: '500m' } },
  };
  const script = 'env | sort >/dev/termination-log';
  const spec = { containers: [shell(script, more)], restartPolicy: 'Never' };
  await node.create(spec, { name: 'told' });
  const pod = await node.until('told', succeeded);
  const lines = mainOf(pod)?.state?.terminated?.message?.split('\n') ?? [];
  t.match(lines.join('\n'), /ADDRESS=10\./);
  for (const line of [
    'BOTH=blue-xyzzy $(WORD)',
    'LIMIT=67108864',
    'NAME=told',
    'SET_COLOUR=blue',
    'SET_SIZE=3',
    'WORD=xyzzy',
    'KUBERNETES_SERVICE_HOST=10.96.0.1',
  ]) {
    t.ok(lines.includes(line), line);
  }
  await node.delete('told');
  await node.gone('told');
});

t.test('what is missing is said, and the container starts when it is there', async (t) => {
  const more = { envFrom: [{ configMapRef: { name: 'later' } }] };
  await node.create({ containers: [shell(waiting, more)] }, { name: 'patient' });
  const pod = await node.until(
    'patient',
    (now) => mainOf(now)?.state?.waiting?.message !== undefined,
  );
  t.same(mainOf(pod)?.state?.waiting, {
    reason: 'CreateContainerConfigError',
    message: 'configmap "later" not found',
  });
  await node.coordinator.make('/api/v1/namespaces/default/configmaps', {
    metadata: { name: 'later' },
    data: {},
  });
  await node.ready('patient');
  await node.delete('patient');
  await node.gone('patient');
});

t.test('an image that is not there is told with its policy', async (t) => {
  const containers = [shell(waiting, { image: 'nowhere' })];
  await node.create({ containers }, { name: 'imageless' });
  const pod = await node.until(
    'imageless',
    (now) => mainOf(now)?.state?.waiting?.message !== undefined,
  );
  t.match(mainOf(pod)?.state?.waiting, {
    reason: 'ErrImageNeverPull',
    message: 'Container image "nowhere" is not present with pull policy of Never',
  });
  await node.delete('imageless');
  await node.gone('imageless');
});
