/** CPU limits, in the lab machine. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { planResources } from '../../../src/cgroup/plan-resources.ts';
import { hierarchy, makeCgroup, measureCpu, start } from './machine.ts';

const spin = 'while :; do :; done';

t.test('a quota of 10 %, then of 50 %, is what a busy loop gets', async (t) => {
  const cgroup = makeCgroup(t, 'quota');
  await cgroup.apply(planResources({ cpu: { quota: 10_000, period: 100_000 } }));
  start(cgroup, spin);
  within(t, await measureCpu(cgroup, 3000), [7, 13]);
  await cgroup.apply(planResources({ cpu: { quota: 50_000, period: 100_000 } }));
  within(t, await measureCpu(cgroup, 3000), [42, 58]);
  await cgroup.apply(planResources({ cpu: { quota: -1, period: 100_000 } }));
  t.ok((await measureCpu(cgroup, 1000)) > 65, 'without a quota');
  const { throttledPeriods, periods } = cgroup.statistics().cpu;
  t.ok(throttledPeriods > 10 && periods >= throttledPeriods, 'throttling is counted');
});

t.test('the quota is also what the process itself has run', async (t) => {
  const cgroup = makeCgroup(t, 'quota-self');
  await cgroup.apply({ 'cpu.max': { quotaMicroseconds: 20_000, periodMicroseconds: 100_000 } });
  const child = start(cgroup, spin);
  const before = ticksOf(child.pid);
  const begin = performance.now();
  await measureCpu(cgroup, 3000);
  // USER_HZ is 100 everywhere.
  const percent = ((ticksOf(child.pid) - before) * 1000) / (performance.now() - begin);
  within(t, percent, [13, 27]);
});

t.test('weights divide a contended CPU', async (t) => {
  const light = makeCgroup(t, 'light');
  const heavy = makeCgroup(t, 'heavy');
  await light.apply({ 'cpu.weight': 100 });
  await heavy.apply({ 'cpu.weight': 400 });
  start(light, spin);
  start(heavy, spin);
  const [little, much] = await Promise.all([measureCpu(light, 3000), measureCpu(heavy, 3000)]);
  within(t, much / little, [2.8, 5.5]);
});

t.test('an idle cgroup yields to others, and takes a weight again later', async (t) => {
  const idle = makeCgroup(t, 'idle');
  const busy = makeCgroup(t, 'busy');
  await idle.apply({ 'cpu.idle': true });
  start(idle, spin);
  start(busy, spin);
  t.ok((await measureCpu(idle, 2000)) < 15);
  await idle.apply({ 'cpu.idle': false, 'cpu.weight': 250 });
  t.match(idle.settings(), { 'cpu.idle': false, 'cpu.weight': 250 });
});

t.test('quota and burst change together in both directions', async (t) => {
  const cgroup = makeCgroup(t, 'burst');
  const set = async (quota: number, burst: number): Promise<void> => {
    await cgroup.apply({ 'cpu.max': { quotaMicroseconds: quota }, 'cpu.max.burst': burst });
    t.match(cgroup.settings(), {
      'cpu.max': { quotaMicroseconds: quota, periodMicroseconds: 100_000 },
      'cpu.max.burst': burst,
    });
  };
  await set(20_000, 20_000);
  await set(90_000, 80_000);
  await set(5000, 4000);
});

t.test('a burst above the quota is refused, and the quota stays', async (t) => {
  const cgroup = makeCgroup(t, 'refused');
  await cgroup.apply({ 'cpu.max': { quotaMicroseconds: 20_000 }, 'cpu.weight': 50 });
  const wrong = { 'cpu.max': { quotaMicroseconds: 10_000 }, 'cpu.max.burst': 30_000 };
  const message = /^Cannot set cpu.max.burst of cgroup ".*" to "30000"$/;
  await t.rejects(cgroup.apply({ ...wrong, 'cpu.weight': 70 }), { name: 'DomainError', message });
  t.match(cgroup.settings(), {
    'cpu.max': { quotaMicroseconds: 20_000 },
    'cpu.max.burst': 0,
    'cpu.weight': 50,
  });
});

t.test('a frozen busy loop uses no CPU, a thawed one goes on', async (t) => {
  const cgroup = makeCgroup(t, 'freeze');
  start(cgroup, spin);
  t.ok((await measureCpu(cgroup, 500)) > 50);
  await cgroup.freeze();
  t.ok((await measureCpu(cgroup, 500)) < 1);
  await cgroup.thaw();
  t.ok((await measureCpu(cgroup, 500)) > 50);
});

const noCpuset =
  !hierarchy.controllers().includes('cpuset') && 'this kernel has no cpuset controller';
t.test('a cpuset confines to a CPU', { skip: noCpuset }, async (t) => {
  const cgroup = makeCgroup(t, 'cpuset');
  await cgroup.apply({ 'cpuset.cpus': '0' });
  const child = start(cgroup, 'sleep 100');
  await measureCpu(cgroup, 100);
  t.match(readFileSync(`/proc/${child.pid}/status`, 'utf8'), /Cpus_allowed_list:\s+0\n/);
});

t.test('pressure rises while a quota throttles', { skip: noPressure() }, async (t) => {
  const cgroup = makeCgroup(t, 'pressure');
  await cgroup.apply({ 'cpu.max': { quotaMicroseconds: 10_000 } });
  start(cgroup, spin);
  await measureCpu(cgroup, 2000);
  const { pressure } = cgroup.statistics();
  t.ok((pressure.cpu?.some.totalMicroseconds ?? 0) > 100_000);
});

function noPressure(): string | false {
  using root = hierarchy.open('/');
  const { pressure } = root.statistics();
  return pressure.cpu === undefined && 'this kernel has no pressure stall information';
}

/** utime and stime, the 14th and 15th field. */
function ticksOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

function within(t: Check, value: number, [least, most]: [number, number]): void {
  t.ok(value >= least && value <= most, `${value.toFixed(1)} is between ${least} and ${most}`);
}

interface Check {
  ok(value: boolean, title: string): void;
}
