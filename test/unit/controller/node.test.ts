import t from 'tap';
import { daemonTolerations, fitOf } from '../../../src/controller/daemon-set/node-fit.ts';
import { silentConditions, taintsOf } from '../../../src/controller/node/health.ts';
import { stayMs } from '../../../src/controller/node/taint-eviction.ts';
import { isAllLost, Zones } from '../../../src/controller/node/zones.ts';
import type { Node, Pod } from '../../../src/controller/stored.ts';

const created = '2026-01-01T00:00:00Z';
const later = '2026-01-01T00:10:00Z';

function nodeOf(name: string, ready: string, more: Partial<Node['spec']> = {}): Node {
  const zone = { 'topology.kubernetes.io/zone': name.slice(0, 1) };
  return {
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: created, labels: zone },
    spec: more,
    status: { conditions: [{ type: 'Ready', status: ready }] },
  };
}

function podOf(tolerations: Pod['spec']['tolerations']): Pod {
  return {
    metadata: { name: 'p', uid: 'p', resourceVersion: '1', creationTimestamp: created },
    spec: { containers: [], tolerations },
  };
}

const words = (node: Node, evict?: string) =>
  taintsOf(node, { evict, time: later }).map(({ key, effect }) => `${key}:${effect}`);

t.test('taints follow the conditions and leave those of others alone', (t) => {
  const own = { key: 'own', effect: 'NoExecute' };
  const stale = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
  const well = nodeOf('a1', 'True', { taints: [own, stale], unschedulable: true });
  t.same(words(well), ['own:NoExecute', 'node.kubernetes.io/unschedulable:NoSchedule']);
  const silent = nodeOf('a1', 'Unknown', { taints: [own] });
  t.same(words(silent, 'node.kubernetes.io/unreachable'), [
    'own:NoExecute',
    'node.kubernetes.io/unreachable:NoSchedule',
    'node.kubernetes.io/unreachable:NoExecute',
  ]);
  t.same(words(nodeOf('a1', 'False')), ['node.kubernetes.io/not-ready:NoSchedule']);
  t.end();
});

t.test('a taint that is there keeps its time', (t) => {
  const key = 'node.kubernetes.io/unreachable';
  const known = { key, effect: 'NoExecute', timeAdded: created };
  const node = nodeOf('a1', 'Unknown', { taints: [known] });
  const found = taintsOf(node, { evict: key, time: later });
  t.equal(found.find(({ effect }) => effect === 'NoExecute')?.timeAdded, created);
  t.end();
});

t.test('a silent node says so itself, once', (t) => {
  const node = nodeOf('a1', 'True');
  const once = silentConditions(node, created);
  t.match(
    once.find(({ type }) => type === 'Ready'),
    {
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: created,
    },
  );
  t.match(
    once.find(({ type }) => type === 'DiskPressure'),
    { reason: 'NodeStatusNeverUpdated', message: 'Kubelet never posted node status.' },
  );
  const again = { ...node, status: { conditions: once } };
  t.same(silentConditions(again, later), once);
  t.end();
});

t.test('a zone loses one node in ten seconds, and none when most of it is gone', (t) => {
  const zones = new Zones();
  const [first, second] = [nodeOf('a1', 'Unknown'), nodeOf('a2', 'Unknown')];
  const few = [first, second, nodeOf('a3', 'True'), nodeOf('b1', 'True')];
  t.equal(zones.waitMs(first, few, 0), 0);
  zones.spend(first, 0);
  t.equal(zones.waitMs(second, few, 4000), 6000);
  t.equal(zones.waitMs(second, few, 10_000), 0);
  const most = [first, second, nodeOf('a4', 'Unknown'), nodeOf('a3', 'True')];
  t.equal(zones.waitMs(second, most, 20_000), undefined);
  const whole = [first, second, nodeOf('b1', 'True')];
  t.equal(zones.waitMs(second, whole, 30_000), 0);
  t.ok(isAllLost([first, second]));
  t.equal(zones.waitMs(second, [first, second], 40_000), undefined);
  t.end();
});

t.test('a pod stays as long as its shortest toleration lets it', (t) => {
  const taint = { key: 'x', value: 'y', effect: 'NoExecute', timeAdded: created };
  const node = nodeOf('a1', 'True', { taints: [taint] });
  const now = Date.parse(created) + 10_000;
  t.equal(stayMs(podOf([]), node, now), 0);
  t.equal(stayMs(podOf([{ operator: 'Exists' }]), node, now), undefined);
  t.equal(stayMs(podOf([{ key: 'x', value: 'z' }]), node, now), 0);
  const patient = { key: 'x', value: 'y', tolerationSeconds: 60 };
  t.equal(stayMs(podOf([patient]), node, now), 50_000);
  t.equal(stayMs(podOf([patient, { ...patient, tolerationSeconds: 20 }]), node, now), 10_000);
  t.equal(stayMs(podOf([]), nodeOf('a2', 'True'), now), undefined);
  t.end();
});

t.test('a daemon fits by name, labels and taints, and tolerates trouble', (t) => {
  const spec = { containers: [], nodeSelector: { 'topology.kubernetes.io/zone': 'a' } };
  t.same(fitOf(spec, nodeOf('a1', 'True')), { mayStart: true, mayStay: true });
  t.same(fitOf(spec, nodeOf('b1', 'True')), { mayStart: false, mayStay: false });
  const tainted = (effect: string) => nodeOf('a1', 'True', { taints: [{ key: 'own', effect }] });
  t.same(fitOf(spec, tainted('NoSchedule')), { mayStart: false, mayStay: true });
  t.same(fitOf(spec, tainted('NoExecute')), { mayStart: false, mayStay: false });
  t.same(fitOf(spec, tainted('PreferNoSchedule')), { mayStart: true, mayStay: true });
  const cordoned = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  t.ok(fitOf(spec, nodeOf('a1', 'True', { taints: [cordoned] })).mayStart);
  const term = { matchExpressions: [{ key: 'size', operator: 'Gt', values: ['4'] }] };
  const nodeAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] },
  };
  const large = { containers: [], affinity: { nodeAffinity } };
  const sized = (size: string): Node => {
    const node = nodeOf('a1', 'True');
    return { ...node, metadata: { ...node.metadata, labels: { size } } };
  };
  t.ok(fitOf(large, sized('5')).mayStart);
  t.notOk(fitOf(large, sized('4')).mayStart);
  t.equal(daemonTolerations({ containers: [] }).length, 6);
  t.equal(daemonTolerations({ containers: [], hostNetwork: true }).length, 7);
  t.end();
});
