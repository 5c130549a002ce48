import t from 'tap';
import { conditionsOf, transitionReasons } from '../../../../src/kubelet/node/conditions.ts';
import { statusPatch, withExtended } from '../../../../src/kubelet/node/node-object.ts';
import {
  allocatableOf,
  capacityOf,
  isExtended,
} from '../../../../src/kubelet/node/node-resources.ts';
import { thresholdOf } from '../../../../src/kubelet/node/threshold.ts';

const gibi = 1024 ** 3;
const machine = {
  processors: 4,
  memoryBytes: 8 * gibi,
  swapBytes: 0,
  hugePages: new Map([[2 * 1024 * 1024, gibi]]),
  storage: { capacityBytes: 100 * gibi, availableBytes: 50 * gibi, inodes: 10, freeInodes: 5 },
};
const settings = {
  maxPods: 110,
  podsPerCore: 10,
  systemReserved: new Map([
    ['cpu', '250m'],
    ['memory', '512Mi'],
  ]),
  kubeReserved: new Map([
    ['cpu', '250m'],
    ['ephemeral-storage', '1Gi'],
  ]),
  evictionHard: new Map([
    ['memory.available', '100Mi'],
    ['nodefs.available', '10%'],
  ]),
  localStorageCapacityIsolation: true,
};

t.test('pods may have what is neither reserved nor kept free', async (t) => {
  const capacity = capacityOf(machine, settings);
  t.same(Object.fromEntries(capacity), {
    cpu: '4',
    'ephemeral-storage': '104857600Ki',
    'hugepages-2Mi': '1Gi',
    memory: '8388608Ki',
    pods: '40',
  });
  t.same(Object.fromEntries(allocatableOf(capacity, settings)), {
    cpu: '3500m',
    'ephemeral-storage': String(100 * gibi - gibi - 10 * gibi),
    'hugepages-2Mi': '1Gi',
    memory: `${(8 - 1) * 1024 * 1024 - (512 + 100) * 1024}Ki`,
    pods: '40',
  });
});

t.test('more reserved than there is leaves nothing', async (t) => {
  const greedy = { ...settings, kubeReserved: new Map([['memory', '1Ti']]) };
  t.equal(allocatableOf(capacityOf(machine, settings), greedy).get('memory'), '0Ki');
});

t.test('what others count is kept, and only that', async (t) => {
  t.ok(isExtended('example.com/dongle'));
  for (const name of ['cpu', 'kubernetes.io/x', 'a.kubernetes.io/x', 'a/b/c']) {
    t.notOk(isExtended(name), name);
  }
  const known = { cpu: '1', 'example.com/dongle': '4', 'hugepages-1Gi': '0' };
  t.same(withExtended(new Map([['cpu', '2']]), known), { 'example.com/dongle': '4', cpu: '2' });
});

t.test('only what has changed is sent', async (t) => {
  const health = { memoryPressure: false, diskPressure: false, pidPressure: false, faults: [] };
  const now = Date.parse('2026-01-01T00:00:00Z');
  const conditions = conditionsOf(health, [], now);
  const status = {
    conditions,
    capacity: { cpu: '4' },
    allocatable: { cpu: '4' },
    addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
  };
  t.equal(statusPatch(status, status, false), undefined);
  const later = { ...status, conditions: conditionsOf(health, conditions, now + 10_000) };
  t.equal(statusPatch(later, status, false), undefined, 'a heartbeat alone waits');
  t.match(statusPatch(later, status, true), {
    status: { conditions: [{ lastHeartbeatTime: '2026-01-01T00:00:10Z' }] },
  });
  const before = { ...status, capacity: { cpu: '4', 'hugepages-2Mi': '0' } };
  t.same(statusPatch(status, before, false), {
    status: { capacity: { cpu: '4', 'hugepages-2Mi': null } },
  });
  const moved = { ...status, addresses: [{ type: 'InternalIP', address: '192.0.2.9' }] };
  t.same(statusPatch(moved, status, false), {
    status: { addresses: [{ $patch: 'replace' }, { type: 'InternalIP', address: '192.0.2.9' }] },
  });
});

t.test('a transition keeps its time until the next one', async (t) => {
  const health = { memoryPressure: false, diskPressure: false, pidPressure: false, faults: [] };
  const first = conditionsOf(health, [], 0);
  const pressed = conditionsOf({ ...health, memoryPressure: true }, first, 60_000);
  t.match(pressed[0], {
    status: 'True',
    reason: 'KubeletHasInsufficientMemory',
    lastTransitionTime: '1970-01-01T00:01:00Z',
  });
  t.match(pressed[1], { status: 'False', lastTransitionTime: '1970-01-01T00:00:00Z' });
  t.same(transitionReasons(pressed, first), ['NodeHasInsufficientMemory']);
  t.equal(conditionsOf({ ...health, faults: ['a', 'b'] }, [], 0).at(-1)?.message, '[a, b]');
});

t.test('thresholds are amounts or parts of the whole', async (t) => {
  t.equal(thresholdOf('10%', 1000), 100);
  t.equal(thresholdOf('1Ki', 1000), 1024);
  for (const text of ['101%', '-1', 'x', '']) {
    t.throws(() => thresholdOf(text, 1), { name: 'DomainError' }, text);
  }
});
