import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { resources } from '../../../src/api/client/resources.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { openLog } from '../../../src/base/log.ts';
import { readKubeletConfiguration } from '../../../src/kubelet/config/kubelet-configuration.ts';
import type { NodeEvent, NodeStateOptions } from '../../../src/kubelet/node/node-options.ts';
import { openNodeState } from '../../../src/kubelet/node/open-node-state.ts';
import { ScratchServer } from '../apiserver/scratch-server.ts';
import { IdleRuntime } from './idle-runtime.ts';
import { until } from '../../until.ts';
import { succeeds } from './succeeds.ts';

t.setTimeout(300_000);

const log = openLog('test');
log.level = 'silent';
const root = mkdtempSync(join(tmpdir(), 'keelson-node-'));
t.teardown(() => rmSync(root, { recursive: true, force: true }));

function optionsOf(
  server: ScratchServer,
  runtime: IdleRuntime,
  more: Partial<NodeStateOptions> = {},
): NodeStateOptions {
  const text = [
    'apiVersion: kubelet.config.k8s.io/v1beta1',
    'kind: KubeletConfiguration',
    'failSwapOn: false',
    'nodeStatusUpdateFrequency: 200ms',
    'nodeLeaseDurationSeconds: 1',
    'systemReserved: {cpu: 100m, memory: 10Mi}',
  ].join('\n');
  return {
    name: 'host01',
    client: server.client('kubelet'),
    clock: systemClock,
    log,
    configuration: readKubeletConfiguration(text).configuration,
    runtime: runtime.asRuntime,
    root,
    tell: () => undefined,
    ...more,
  };
}

const name = { namespace: '', name: 'host01' };

t.test('a node is registered with what it is, and gives signs of life', async (t) => {
  await using server = await ScratchServer.start();
  const runtime = new IdleRuntime();
  runtime.images = [
    {
      id: 'a',
      repo_tags: ['small:1'],
      repo_digests: [],
      size: 10,
      username: '',
      pinned: false,
    },
    { id: 'b', repo_tags: ['big:1'], repo_digests: [], size: 20, username: '', pinned: false },
  ];
  const events: NodeEvent[] = [];
  const taint = { key: 'fresh', effect: 'NoSchedule' } as const;
  await using state = await openNodeState({
    ...optionsOf(server, runtime),
    addresses: ['192.0.2.7'],
    labels: { zone: 'north' },
    taints: [taint],
    tell: (event) => events.push(event),
  });
  state.servesOn(10_250);
  const client = server.client('test');
  await succeeds(() => client.get(resources.leases, { ...name, namespace: 'kube-node-lease' }));
  const node = await succeeds(async () => {
    const found = await client.get(resources.nodes, name);
    const ready = found.status?.conditions?.find(({ type }) => type === 'Ready');
    const port = found.status?.daemonEndpoints?.kubeletEndpoint?.Port;
    if (ready?.status === 'True' && port === 10_250) return found;
    throw new Error('not yet ready');
  });
  t.match(node.metadata.labels, {
    'kubernetes.io/hostname': 'host01',
    'kubernetes.io/os': 'linux',
    zone: 'north',
  });
  t.match(node.spec?.taints, [taint]);
  t.match(node.status, {
    addresses: [
      { type: 'InternalIP', address: '192.0.2.7' },
      { type: 'Hostname', address: 'host01' },
    ],
    capacity: { pods: '110', memory: /^\d+Ki$/, cpu: /^\d+$/ },
    allocatable: { pods: '110', cpu: /^\d+(m)?$/ },
    nodeInfo: { containerRuntimeVersion: 'idle://1.2.3', operatingSystem: 'linux' },
    images: [{ names: ['big:1'], sizeBytes: 20 }, { names: ['small:1'] }],
  });
  t.same(
    node.status?.conditions?.map(({ type, status, reason }) => [type, status, reason]),
    [
      ['MemoryPressure', 'False', 'KubeletHasSufficientMemory'],
      ['DiskPressure', 'False', 'KubeletHasNoDiskPressure'],
      ['PIDPressure', 'False', 'KubeletHasSufficientPID'],
      ['Ready', 'True', 'KubeletReady'],
    ],
  );
  // Told behind the status.
  t.ok(await until(() => events.some(({ reason }) => reason === 'NodeReady')));
  t.match(state.node()?.metadata.uid, node.metadata.uid);
  t.equal(state.allocatable().get('pods'), '110');
  const lease = await client.get(resources.leases, { ...name, namespace: 'kube-node-lease' });
  await succeeds(async () => {
    const later = await client.get(resources.leases, { ...name, namespace: 'kube-node-lease' });
    if (later.spec?.renewTime === lease.spec?.renewTime) throw new Error('not renewed');
    if (later.metadata.ownerReferences?.[0]?.uid !== node.metadata.uid) throw new Error('no owner');
  });
});

t.test('what others wrote of the node stays; a deleted node comes back', async (t) => {
  await using server = await ScratchServer.start();
  const runtime = new IdleRuntime();
  await using state = await openNodeState(optionsOf(server, runtime));
  const client = server.client('test');
  const first = await succeeds(() => client.get(resources.nodes, name));
  const foreign = { type: 'NetworkUnavailable', status: 'False', reason: 'Up', message: 'up' };
  await client.patch(resources.nodes, name, {
    type: 'strategic',
    subresource: 'status',
    document: { status: { capacity: { 'example.com/dongle': '4' }, conditions: [foreign] } },
  });
  await client.patch(resources.nodes, name, {
    type: 'merge',
    document: { spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] } },
  });
  await succeeds(async () => {
    const { status } = await client.get(resources.nodes, name);
    if (status?.allocatable?.['example.com/dongle'] !== '4') throw new Error('not allocatable');
    if (!status.conditions?.some(({ type }) => type === 'NetworkUnavailable')) {
      throw new Error('lost a condition');
    }
  });
  t.equal(state.allocatable().get('example.com/dongle'), '4');
  await succeeds(async () => {
    if (runtime.ranges[0] !== '10.1.0.0/24') throw new Error('not told');
  });
  await client.delete(resources.nodes, name);
  const second = await succeeds(async () => {
    const found = await client.get(resources.nodes, name);
    if (found.metadata.uid === first.metadata.uid) throw new Error('still there');
    return found;
  });
  t.equal(second.status?.capacity?.['example.com/dongle'], undefined);
});

t.test('a network that is not ready makes the node not ready, in the words known', async (t) => {
  await using server = await ScratchServer.start();
  const runtime = new IdleRuntime();
  runtime.networkReady = false;
  await using state = await openNodeState(optionsOf(server, runtime));
  const client = server.client('test');
  const readyIs = (wanted: object) =>
    succeeds(async () => {
      const { status } = await client.get(resources.nodes, name);
      const found = status?.conditions?.find(({ type }) => type === 'Ready');
      const same = Object.entries(wanted).every(([key, value]) => Object(found)[key] === value);
      if (!same) throw new Error(JSON.stringify(found));
    });
  await readyIs({
    status: 'False',
    reason: 'KubeletNotReady',
    message:
      'container runtime network not ready: NetworkReady=false ' +
      'reason:NetworkPluginNotReady message:no network',
  });
  runtime.networkReady = true;
  await readyIs({ status: 'True' });
  state.runtimeAnswered('PLEG is not healthy');
  await readyIs({ status: 'False', message: 'PLEG is not healthy' });
  state.runtimeAnswered(undefined);
  await readyIs({ status: 'True', message: 'kubelet is posting ready status' });
  t.pass('followed the runtime');
});

t.test('a kubelet without a server has its state by itself', async (t) => {
  const { client: _, ...alone } = optionsOf(
    { client: () => undefined } as never,
    new IdleRuntime(),
  );
  await using state = await openNodeState({ ...alone, addresses: ['192.0.2.1', '2001:db8::1'] });
  t.equal(state.node(), undefined);
  t.same(state.addresses, ['192.0.2.1', '2001:db8::1']);
  t.ok(Number(state.allocatable().get('pods')) > 0);
  const twice = { ...alone, addresses: ['192.0.2.1', '192.0.2.2'] };
  await t.rejects(openNodeState(twice), { message: /one of each family/ });
});
