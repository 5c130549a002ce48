import t, { type Test } from 'tap';
import type { ApiClient, Stored } from '../../../src/api/client/client.ts';
import { resources } from '../../../src/api/client/resources.ts';
import type { Event, Node, Pod } from '../../../src/api/types/generated/core-v1.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { EventRecorder } from '../../../src/api/client/event-recorder.ts';
import { Explanations } from '../../../src/scheduler/explain/explanations.ts';
import { explanationText } from '../../../src/scheduler/explain/explanation-text.ts';
import { runScheduler } from '../../../src/scheduler/run-scheduler.ts';
import { ScratchServer } from '../apiserver/scratch-server.ts';

const boundMs = 60_000;

t.test('a pod gets a node, an event and a condition', async (t) => {
  const { client, explanations } = await startCluster(t);
  await addNode(client, 'host01');
  await addPod(client, 'web-1');
  const pod = await until(client, 'web-1', ({ spec }) => spec.nodeName === 'host01');
  t.match(pod.status?.conditions, [{ type: 'PodScheduled', status: 'True' }]);
  const event = await untilEvent(client, 'web-1', 'Scheduled');
  t.equal(event.message, 'Successfully assigned default/web-1 to host01');
  t.equal(event.type, 'Normal');
  t.equal(event.source?.component, 'default-scheduler');
  const kept = explanations.of('default/web-1');
  t.match(kept && explanationText(kept), /Outcome: +assigned to host01, the only feasible node/);
});

t.test('a pod that fits nowhere is told why, and gets a node that comes later', async (t) => {
  const { client } = await startCluster(t);
  await addNode(client, 'host01', { taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }] });
  await addNode(client, 'host02', { cpu: '1' });
  await addPod(client, 'large', { cpu: '2' });
  const message =
    '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {a: b}. ' +
    'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.';
  const event = await untilEvent(client, 'large', 'FailedScheduling');
  t.equal(event.type, 'Warning');
  t.equal(event.message, message);
  const waiting = await until(client, 'large', ({ status }) => status?.conditions !== undefined);
  t.match(waiting.status?.conditions, [
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
  ]);
  await addNode(client, 'host03');
  const pod = await until(client, 'large', ({ spec }) => spec.nodeName !== undefined);
  t.equal(pod.spec.nodeName, 'host03');
  t.match(pod.status?.conditions, [{ type: 'PodScheduled', status: 'True' }]);
});

t.test('a more important pod evicts the least important one, and takes its place', async (t) => {
  const { client } = await startCluster(t);
  await addNode(client, 'host01', { cpu: '2' });
  await addPod(client, 'small', { cpu: '1', priority: 5 });
  await addPod(client, 'lesser', { cpu: '1', priority: 1 });
  for (const name of ['small', 'lesser']) {
    await until(client, name, ({ spec }) => spec.nodeName === 'host01');
  }
  await addPod(client, 'urgent', { cpu: '1', priority: 100 });
  // Nobody runs the victim here: it stays until its kubelet would have ended it.
  const victim = await until(
    client,
    'lesser',
    (pod) => pod.metadata.deletionTimestamp !== undefined,
  );
  t.match(
    victim.status?.conditions?.find(({ type }) => type === 'DisruptionTarget'),
    { status: 'True', reason: 'PreemptionByScheduler' },
  );
  const urgent = await until(
    client,
    'urgent',
    ({ status }) => status?.nominatedNodeName !== undefined,
  );
  t.equal(urgent.status?.nominatedNodeName, 'host01');
  const event = await untilEvent(client, 'lesser', 'Preempted');
  t.equal(event.message, `Preempted by pod ${urgent.metadata.uid} on node host01`);
  const lesser = { namespace: 'default', name: 'lesser' };
  await client.delete(resources.pods, lesser, { gracePeriodSeconds: 0 });
  await until(client, 'urgent', ({ spec }) => spec.nodeName === 'host01');
  const small = await client.get(resources.pods, { namespace: 'default', name: 'small' });
  t.equal(small.metadata.deletionTimestamp, undefined);
});

t.test('a gated pod waits until its gates are gone', async (t) => {
  const { client } = await startCluster(t);
  await addNode(client, 'host01');
  await addPod(client, 'gated', { gates: [{ name: 'example.com/ready' }] });
  const gated = await until(client, 'gated', ({ status }) => status?.conditions !== undefined);
  t.match(gated.status?.conditions, [{ type: 'PodScheduled', reason: 'SchedulingGated' }]);
  t.equal(gated.spec.nodeName, undefined);
  const more = [{ name: 'example.com/ready' }, { name: 'example.com/more' }];
  const name = { namespace: 'default', name: 'gated' };
  await t.rejects(
    client.patch(resources.pods, name, {
      type: 'merge',
      document: { spec: { schedulingGates: more } },
    }),
    /only deletion is allowed, but found new scheduling gate 'example.com\/more'/,
  );
  const document = { spec: { schedulingGates: null } };
  await client.patch(resources.pods, name, { type: 'merge', document });
  await until(client, 'gated', ({ spec }) => spec.nodeName === 'host01');
});

t.test('a claim that waits for its first consumer learns of its node', async (t) => {
  const { client } = await startCluster(t);
  await addNode(client, 'host01');
  await client.create(resources.storageClasses, {
    metadata: { name: 'local' },
    provisioner: 'example.com/local',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  const claim = { namespace: 'default', name: 'data' };
  await client.create(resources.persistentVolumeClaims, {
    metadata: claim,
    spec: {
      storageClassName: 'local',
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
    },
  });
  await addPod(client, 'db', {
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
  });
  await until(client, 'db', ({ spec }) => spec.nodeName === 'host01');
  const { metadata } = await client.get(resources.persistentVolumeClaims, claim);
  t.equal(metadata.annotations?.['volume.kubernetes.io/selected-node'], 'host01');
});

t.test('pods of other schedulers are left alone', async (t) => {
  const { client } = await startCluster(t);
  await addNode(client, 'host01');
  await addPod(client, 'foreign', { schedulerName: 'other' });
  await addPod(client, 'own');
  await until(client, 'own', ({ spec }) => spec.nodeName === 'host01');
  const foreign = await client.get(resources.pods, { namespace: 'default', name: 'foreign' });
  t.equal(foreign.spec.nodeName, undefined);
});

async function startCluster(t: Test) {
  const server = await ScratchServer.start();
  const stop = new AbortController();
  const client = server.client('kube-scheduler');
  const explanations = new Explanations();
  const failures: string[] = [];
  const scheduler = runScheduler(client, {
    signal: stop.signal,
    // One that is being written when the server ends is lost.
    events: new EventRecorder({ client, clock: systemClock, onError: () => undefined }),
    explanations,
    onError: (what, error) => void failures.push(`${what}: ${String(error)}`),
  });
  t.teardown(async () => {
    stop.abort();
    await scheduler;
    const failed = failures.join('\n');
    await server[Symbol.asyncDispose]();
    if (failed !== '') throw new Error(failed);
  });
  return { client, explanations };
}

type Taints = NonNullable<Node['spec']>['taints'];

async function addNode(
  client: ApiClient,
  name: string,
  { cpu = '4', taints }: { readonly cpu?: string; readonly taints?: Taints } = {},
): Promise<void> {
  await client.create(resources.nodes, {
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    spec: { taints },
    status: { allocatable: { cpu, memory: '8Gi', pods: '10' } },
  });
}

interface PodWishes {
  readonly cpu?: string;
  readonly priority?: number;
  readonly gates?: Pod['spec']['schedulingGates'];
  readonly schedulerName?: string;
  readonly volumes?: Pod['spec']['volumes'];
}

async function addPod(client: ApiClient, name: string, wishes: PodWishes = {}): Promise<void> {
  const { cpu = '100m', priority, gates: schedulingGates, schedulerName } = wishes;
  // Admission gives a pod the number of its class.
  const priorityClassName = priority === undefined ? undefined : `class-${priority}`;
  if (priority !== undefined) {
    const metadata = { name: `class-${priority}` };
    await client.create(resources.priorityClasses, { metadata, value: priority });
  }
  await client.create(resources.pods, {
    metadata: { name, namespace: 'default' },
    spec: {
      containers: [{ name: 'main', image: 'web', resources: { requests: { cpu } } }],
      priorityClassName,
      schedulingGates,
      schedulerName,
      volumes: wishes.volumes,
    },
  });
}

async function until(
  client: ApiClient,
  name: string,
  holds: (pod: Stored<Pod>) => boolean,
): Promise<Stored<Pod>> {
  return await poll(`pod ${name}`, async () => {
    const pod = await client.get(resources.pods, { namespace: 'default', name });
    return holds(pod) ? pod : undefined;
  });
}

async function untilEvent(client: ApiClient, name: string, reason: string): Promise<Event> {
  return await poll(`event ${reason} of ${name}`, async () => {
    const { items } = await client.list(resources.events, { namespace: 'default' });
    return items.find((one) => one.involvedObject.name === name && one.reason === reason);
  });
}

async function poll<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + boundMs;
  while (Date.now() < end) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no ${what} in ${boundMs} ms`);
}
