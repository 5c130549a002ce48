import t from 'tap';
import type { Resources } from '../../../src/cgroup/resources.ts';
import { unitProperties } from '../../../src/cgroup/systemd/unit-properties.ts';

const infinity = 18_446_744_073_709_551_615n;

/** Limits, and what systemd is told; the numbers are those of runc 1.3 for the same limits. */
const cases: readonly (readonly [Resources, Readonly<Record<string, unknown>>])[] = [
  [{}, {}],
  [{ cpu: { shares: 1024 } }, { CPUWeight: 100n }],
  [
    { cpu: { quota: 50_000, period: 100_000 } },
    { CPUQuotaPerSecUSec: 500_000n, CPUQuotaPeriodUSec: 100_000n },
  ],
  [{ cpu: { quota: 150_000 } }, { CPUQuotaPerSecUSec: 1_500_000n }],
  [
    { cpu: { quota: 1234, period: 100_000 } },
    { CPUQuotaPerSecUSec: 20_000n, CPUQuotaPeriodUSec: 100_000n },
  ],
  [{ cpu: { quota: -1 } }, { CPUQuotaPerSecUSec: infinity }],
  [
    { cpu: { cpus: '0,2-3,9', mems: '0' } },
    { AllowedCPUs: [0b1101, 0b10], AllowedMemoryNodes: [1] },
  ],
  [{ memory: { limit: 1000, reservation: 500 } }, { MemoryMax: 1000n, MemoryLow: 500n }],
  [{ memory: { limit: 1000, swap: 3000 } }, { MemoryMax: 1000n, MemorySwapMax: 2000n }],
  [{ memory: { limit: 1000, swap: -1 } }, { MemoryMax: 1000n, MemorySwapMax: infinity }],
  [{ memory: { limit: -1, swap: -1 } }, { MemoryMax: infinity, MemorySwapMax: infinity }],
  [{ pids: { limit: 100 } }, { TasksMax: 100n }],
  [{ pids: { limit: -1 } }, { TasksMax: infinity }],
  [{ pids: { limit: 0 } }, {}],
  [{ blockIO: { weight: 10 } }, { IOWeight: 1n }],
  [{ blockIO: { weight: 1000 } }, { IOWeight: 10_000n }],
];

t.test('limits become the properties that systemd keeps', async (t) => {
  for (const [resources, expected] of cases) {
    const properties = unitProperties(resources).map(([name, { value }]) => [name, value]);
    t.same(Object.fromEntries(properties), expected, JSON.stringify(resources));
  }
});

t.test('a malformed list of processors is refused', async (t) => {
  for (const cpus of ['x', '3-1', '0-', '99999', '1,,2']) {
    t.throws(() => unitProperties({ cpu: { cpus } }), { message: /malformed/ }, cpus);
  }
});
