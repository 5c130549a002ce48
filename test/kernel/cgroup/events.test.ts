import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import type { CgroupEvent } from '../../../src/cgroup/events.ts';
import { openHierarchy } from '../../../src/cgroup/hierarchy.ts';
import { exitOf, scratch, sleeper, unable } from './scratch.ts';

const skip = unable();

t.test('events tell of processes that come, are frozen and end', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(`${base}/a`);
  const events = cgroup.events()[Symbol.asyncIterator]();
  const child = sleeper(t);
  cgroup.move(child.pid);
  t.same(await events.next(), { value: { kind: 'populated' }, done: false });
  await cgroup.freeze();
  t.same(await events.next(), { value: { kind: 'frozen' }, done: false });
  await cgroup.thaw();
  t.same(await events.next(), { value: { kind: 'thawed' }, done: false });
  child.kill('SIGKILL');
  t.same(await events.next(), { value: { kind: 'empty' }, done: false });
});

t.test('events end with the signal, with the object and with the cgroup', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  const before = descriptors();
  const abort = new AbortController();
  const removed = hierarchy.create(`${base}/a`);
  const disposed = hierarchy.create(`${base}/b`);
  const all = [
    collect(removed.events(abort.signal)),
    collect(removed.events()),
    collect(disposed.events()),
  ];
  setTimeout(() => abort.abort(), 20);
  t.same(await all[0], []);
  await removed.remove();
  t.same(await all[1], []);
  disposed[Symbol.dispose]();
  t.same(await all[2], []);
  removed[Symbol.dispose]();
  t.ok(descriptors() <= before + 1, 'at most the inotify descriptor of the loop is left');
});

t.test('events of an ended signal end at once', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(`${base}/a`);
  t.same(await collect(cgroup.events(AbortSignal.abort())), []);
});

t.test(
  'statistics count CPU time, and leave out what no controller counts',
  { skip },
  async (t) => {
    const { hierarchy, base } = scratch(t);
    using cgroup = hierarchy.create(`${base}/a`, { controllers: [] });
    const child = sleeper(t);
    cgroup.move(child.pid);
    const { cpu, memory, io, pids, hugetlb, pressure } = cgroup.statistics();
    t.ok(cpu.usageMicroseconds >= 0);
    t.equal(cpu.periods, 0);
    t.equal(memory, undefined);
    t.equal(io, undefined);
    t.equal(pids, undefined);
    t.same(hugetlb, {});
    t.ok(pressure.cpu === undefined || pressure.cpu.some.totalMicroseconds >= 0);
    t.equal(cgroup.oomKills(), 0);
  },
);

const withHugetlb = unable({ controller: 'hugetlb' });
t.test('huge pages are limited and counted by their size', { skip: withHugetlb }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base);
  const settings = { 'hugetlb.2MB.max': 4 << 20, 'hugetlb.2MB.rsvd.max': 'max' } as const;
  t.same(await cgroup.apply(settings), { notEnforced: [] });
  const expected = { currentBytes: 0, limitBytes: 4 << 20, failures: 0 };
  t.match(cgroup.statistics().hugetlb, { '2MB': expected });
  t.equal(cgroup.read('hugetlb.2MB.max'), `${4 << 20}\n`);
});

t.test('pressure rises while processes wait for a CPU', { skip: noPressure() }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base);
  // Two at once on one CPU, for as long as it takes.
  const command = `echo $$ > ${cgroup.folderPath}/cgroup.procs; exec taskset -c 0 yes`;
  const busy = [1, 2].map(() => spawn('sh', ['-c', command], { stdio: 'ignore' }));
  const seen = (): boolean => {
    const { cpu, pressure } = cgroup.statistics();
    return cpu.usageMicroseconds > 50_000 && (pressure.cpu?.some.totalMicroseconds ?? 0) > 50_000;
  };
  for (let waited = 0; waited < 20_000 && !seen(); waited += 50) await delay(50);
  t.ok(seen());
  const ended = busy.map((child) => exitOf(child));
  for (const child of busy) child.kill('SIGKILL');
  await Promise.all(ended);
});

function noPressure(): string | false {
  if (skip !== false) return skip;
  using hierarchy = openHierarchy();
  using root = hierarchy.open('/');
  return root.statistics().pressure.cpu === undefined && 'needs pressure stall information (psi=1)';
}

async function collect(events: AsyncIterable<CgroupEvent>): Promise<CgroupEvent[]> {
  return await Array.fromAsync(events);
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
