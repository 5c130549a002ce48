import t from 'tap';
import type { Resources as ContainerResources } from '../../../src/container/spec-linux.ts';
import { weightOfShares } from '../../../src/cgroup/cpu-weight.ts';
import { planResources } from '../../../src/cgroup/plan-resources.ts';
import { writesOf } from '../../../src/cgroup/plan-writes.ts';
import type { Resources } from '../../../src/cgroup/resources.ts';
import { refusal } from './refusal.ts';

t.test('shares become weights by the function of runc 1.3.2 and crun 1.23', async (t) => {
  const known: [number, number | undefined][] = [
    [0, undefined],
    [1, 1],
    [2, 1],
    [1024, 100],
    [2048, 174],
    [131_072, 5478],
    [262_144, 10_000],
    [262_145, 10_000],
  ];
  for (const [shares, weight] of known) t.equal(weightOfShares(shares), weight, String(shares));
});

t.test('more shares never weigh less', async (t) => {
  let last = 0;
  let falls = 0;
  for (let shares = 1; shares <= 262_144; shares += 13) {
    const weight = weightOfShares(shares) ?? 0;
    if (weight < last || weight > 10_000) falls++;
    last = weight;
  }
  t.equal(falls, 0);
});

t.test('nothing asked for is nothing set', async (t) => {
  t.same(planResources({}), {});
  const empty = { cpu: { shares: 0, quota: 0, period: 0, cpus: '' }, memory: {}, blockIO: {} };
  t.same(planResources({ ...empty, pids: { limit: 0 }, hugepageLimits: [] }), {});
});

t.test('what a container asks for becomes settings', async (t) => {
  const resources: ContainerResources = {
    cpu: { shares: 1024, quota: 10_000, period: 100_000, burst: 5000, cpus: '0-1', mems: '0' },
    memory: { limit: 100, reservation: 50, swap: 150 },
    pids: { limit: 10 },
    hugepageLimits: [{ pageSize: '2MB', limit: 0 }],
    blockIO: {
      weight: 500,
      weightDevice: [{ major: 8, minor: 0, weight: 300 }],
      throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1000 }],
      throttleWriteIOPSDevice: [
        { major: 8, minor: 0, rate: 10 },
        { major: 8, minor: 16, rate: 0 },
      ],
    },
    rdma: { mlx5_0: { hcaHandles: 2, hcaObjects: 2000 } },
    unified: { 'memory.high': '80' },
  };
  const writes = writesOf(planResources(resources));
  t.same(Object.fromEntries(writes.map(({ file, texts }) => [file, texts])), {
    'cpu.weight': ['100'],
    'cpu.max': ['10000 100000'],
    'cpu.max.burst': ['5000'],
    'cpuset.cpus': ['0-1'],
    'cpuset.mems': ['0'],
    'memory.max': ['100'],
    'memory.low': ['50'],
    'memory.swap.max': ['50'],
    'memory.high': ['80'],
    'pids.max': ['10'],
    'hugetlb.2MB.max': ['0'],
    'hugetlb.2MB.rsvd.max': ['0'],
    'io.bfq.weight': ['default 500', '8:0 300'],
    'io.max': ['8:0 rbps=1000 wiops=10', '8:16 wiops=max'],
    'rdma.max': ['mlx5_0 hca_handle=2 hca_object=2000'],
  });
});

t.test('a quota alone keeps the period, a period alone lifts the quota', async (t) => {
  t.same(planResources({ cpu: { quota: 5000 } }), { 'cpu.max': { quotaMicroseconds: 5000 } });
  t.same(planResources({ cpu: { quota: -1, period: 0 } }), {
    'cpu.max': { quotaMicroseconds: 'max' },
  });
  t.same(planResources({ cpu: { period: 50_000 } }), {
    'cpu.max': { quotaMicroseconds: 'max', periodMicroseconds: 50_000 },
  });
});

t.test('memory and swap together become swap alone', async (t) => {
  t.equal(swap({ limit: 100, swap: 100 }), 0, 'no swap');
  t.equal(swap({ limit: 100, swap: 250 }), 150);
  t.equal(swap({ limit: 100, swap: -1 }), 'max');
  t.equal(swap({ swap: -1 }), 'max');
  t.equal(swap({ limit: 100 }), undefined, 'swap is not touched');
  t.equal(swap({ limit: -1 }), 'max');
  const without = refusal('invalid', 'memory.swap is 5 without a memory.limit');
  t.throws(() => swap({ swap: 5 }), without);
  t.throws(() => swap({ limit: 10, swap: 5 }), refusal('invalid', /5 is below memory.limit 10/));
});

t.test("v1's unlimited is no limit", async (t) => {
  const unlimited = 2 ** 63 - 4096;
  t.same(planResources({ memory: { limit: unlimited }, pids: { limit: -1 } }), {
    'memory.max': 'max',
    'pids.max': 'max',
  });
});

t.test('what cgroup v2 cannot do is unsupported, by name', async (t) => {
  const oom = refusal('unsupported', /^memory.disableOOMKiller: /);
  t.throws(() => planResources({ memory: { disableOOMKiller: true } }), oom);
  const leaf = refusal('unsupported', /^blockIO.leafWeight: /);
  t.throws(() => planResources({ blockIO: { leafWeight: 10 } }), leaf);
});

t.test('names that would become other files or lines are refused', async (t) => {
  const page = { pageSize: '../x', limit: 1 };
  t.throws(() => planResources({ hugepageLimits: [page] }), refusal('invalid'));
  t.throws(() => planResources({ rdma: { 'a\nb': { hcaHandles: 1 } } }), refusal('invalid'));
});

function swap(memory: NonNullable<Resources['memory']>): unknown {
  return planResources({ memory })['memory.swap.max'];
}
