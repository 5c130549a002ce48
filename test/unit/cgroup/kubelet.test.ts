import t from 'tap';
import {
  podCgroup,
  qosCgroup,
  quotaOfMilliCpu,
  sharesOfMilliCpu,
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
  t.equal(qosCgroup('Guaranteed', 'systemd'), '/kubepods.slice');
  t.equal(qosCgroup('BestEffort', 'systemd'), '/kubepods.slice/kubepods-besteffort.slice');
  t.equal(qosCgroup('Burstable', 'cgroupfs'), '/kubepods/burstable');
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
