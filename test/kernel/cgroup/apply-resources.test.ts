import { spawnSync } from 'node:child_process';
import t from 'tap';
import type { Cgroup } from '../../../src/cgroup/cgroup.ts';
import { refusal } from '../../unit/cgroup/refusal.ts';
import { scratch, unable } from './scratch.ts';

const skip = unable();
const withHugetlb = unable({ controller: 'hugetlb' });
const denyAll = { allow: false, access: 'rwm' };
const twoPages = { hugepageLimits: [{ pageSize: '2MB', limit: 4 << 20 }] };

t.test('OCI resources set limits and the device filter', { skip: withHugetlb }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base);
  const applied = await cgroup.applyResources({ ...twoPages, devices: [denyAll] });
  t.same(applied, { notEnforced: [] });
  t.equal(cgroup.read('hugetlb.2MB.max'), `${4 << 20}\n`);
  t.equal(cgroup.read('hugetlb.2MB.rsvd.max'), `${4 << 20}\n`);
  t.ok(opens(cgroup, '/dev/zero'), 'a default device');
  t.notOk(opens(cgroup, '/dev/kmsg'));
});

t.test('an update without devices leaves the filter', { skip: withHugetlb }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base);
  await cgroup.applyResources({ devices: [denyAll] });
  await cgroup.applyResources(twoPages);
  t.notOk(opens(cgroup, '/dev/kmsg'));
});

t.test('a limit that is refused leaves the filter as it was', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(`${base}/a`, { controllers: [] });
  const resources = { devices: [denyAll], pids: { limit: 5 } };
  await t.rejects(cgroup.applyResources(resources), refusal('unsupported', /^Cannot set pids.max/));
  t.ok(opens(cgroup, '/dev/kmsg'));
});

t.test('a wrong device rule leaves the limits as they were', { skip: withHugetlb }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base);
  const before = cgroup.read('hugetlb.2MB.max');
  const resources = { ...twoPages, devices: [{ allow: true, type: 'x' }] };
  await t.rejects(cgroup.applyResources(resources), refusal('invalid', /^Device rule/));
  t.equal(cgroup.read('hugetlb.2MB.max'), before);
});

t.test('with warn each limit that does not hold is told, by name', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(`${base}/a`, { controllers: [] });
  const resources = {
    cpu: { shares: 512, quota: 10_000, period: 100_000 },
    memory: { limit: 1 << 20, swap: 1 << 20 },
    pids: { limit: 5 },
  };
  const { notEnforced } = await cgroup.applyResources(resources, { missingControllers: 'warn' });
  t.same(
    notEnforced.map((line) => /^Cannot set (\S+) of/.exec(line)?.[1]),
    ['cpu.weight', 'cpu.max', 'memory.max', 'memory.swap.max', 'pids.max'],
  );
  for (const line of notEnforced) t.match(line, /the \w+ controller is not available there/);
});

function opens(cgroup: Cgroup, device: string): boolean {
  const script = `echo $$ > ${cgroup.folderPath}/cgroup.procs; exec 3<${device}`;
  return spawnSync('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] }).status === 0;
}
