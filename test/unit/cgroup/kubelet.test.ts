import t from 'tap';
import {
  podCgroup,
  qosCgroup,
  quotaOfMilliCpu,
  sharesOfMilliCpu,
  uidOfCgroup,
} from '../../../src/cgroup/kubelet.ts';

t.test('a CPU request becomes shares as the kubelet computes them', async (t) => {
  const known: [number, number][] = [
    [0, 2],
    [1, 2],
    [10, 10],
    [250, 256],
    [1000, 1024],
    [1500, 1536],
    [1_000_000, 262_144],
  ];
  for (const [milliCpu, shares] of known) t.equal(sharesOfMilliCpu(milliCpu), shares);
});

t.test('a CPU limit becomes a quota, of at least a millisecond', async (t) => {
  t.equal(quotaOfMilliCpu(0), 0);
  t.equal(quotaOfMilliCpu(1), 1000);
  t.equal(quotaOfMilliCpu(5), 1000);
  t.equal(quotaOfMilliCpu(100), 10_000);
  t.equal(quotaOfMilliCpu(2500), 250_000);
  t.equal(quotaOfMilliCpu(100, 5000), 1000);
  t.equal(quotaOfMilliCpu(1500, 50_000), 75_000);
});

t.test("pods lie where the kubelet's drivers put them", async (t) => {
  const uid = '0a-1b';
  t.equal(qosCgroup('Guaranteed', { driver: 'systemd' }), '/kubepods.slice');
  t.equal(
    qosCgroup('BestEffort', { driver: 'systemd' }),
    '/kubepods.slice/kubepods-besteffort.slice',
  );
  t.equal(qosCgroup('Burstable', { driver: 'cgroupfs' }), '/kubepods/burstable');
  t.equal(
    podCgroup({ uid, qosClass: 'Burstable', driver: 'systemd' }),
    '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a_1b.slice',
  );
  t.equal(
    podCgroup({ uid, qosClass: 'Guaranteed', driver: 'systemd' }),
    '/kubepods.slice/kubepods-pod0a_1b.slice',
  );
  t.equal(
    podCgroup({ uid, qosClass: 'BestEffort', driver: 'cgroupfs' }),
    '/kubepods/besteffort/pod0a-1b',
  );
});

t.test('a root that was chosen is above them all', async (t) => {
  const pod = { uid: '0a-1b', qosClass: 'Burstable', root: '/my-node' } as const;
  t.equal(qosCgroup('Guaranteed', { driver: 'cgroupfs', root: '/a/b' }), '/a/b/kubepods');
  t.equal(podCgroup({ ...pod, driver: 'cgroupfs' }), '/my-node/kubepods/burstable/pod0a-1b');
  t.equal(
    podCgroup({ ...pod, driver: 'systemd' })
      .split('/')
      .at(-1),
    'my_node-kubepods-burstable-pod0a_1b.slice',
  );
});

t.test('a cgroup tells whose it is', async (t) => {
  const known = [
    ['pod0a-1b', 'cgroupfs', '0a-1b'],
    ['burstable', 'cgroupfs', undefined],
    ['pod', 'cgroupfs', undefined],
    ['pod..', 'cgroupfs', undefined],
    ['kubepods-burstable-pod0a_1b.slice', 'systemd', '0a-1b'],
    ['kubepods-pod0a_1b.slice', 'systemd', '0a-1b'],
    ['kubepods-burstable.slice', 'systemd', undefined],
    ['cri-containerd-1f.scope', 'systemd', undefined],
  ] as const;
  for (const [name, driver, uid] of known) t.equal(uidOfCgroup(name, driver), uid, name);
});
