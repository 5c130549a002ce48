/** Limits of processes and disks, kill and delegation, in the lab machine. */
import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { planResources } from '../../../src/cgroup/plan-resources.ts';
import { eventsUntil, hierarchy, makeCgroup, start } from './machine.ts';
import { until } from '../../until.ts';

t.test('a fork bomb stays below the limit, tells, and is killed whole', async (t) => {
  const cgroup = makeCgroup(t, 'bomb');
  await cgroup.apply(planResources({ pids: { limit: 20 } }));
  const events = cgroup.events();
  const { ended } = start(cgroup, 'bomb() { bomb | bomb & }; bomb; sleep 1000');
  t.ok((await eventsUntil(events, 'pidsMax')).includes('pidsMax'));
  const { pids } = cgroup.statistics();
  t.ok((pids?.current ?? 99) <= 20 && pids?.limit === 20);
  t.ok((pids?.peak ?? 0) <= 20);
  await cgroup.kill();
  t.match(await ended, { signal: 'SIGKILL' });
  // Those that the init has not reaped yet are counted, though nothing runs.
  await until(() => cgroup.statistics().pids?.current === 0);
});

t.test('freezing and killing do without inotify where it is used up', async (t) => {
  const setting = '/proc/sys/fs/inotify/max_user_watches';
  const before = readFileSync(setting, 'utf8');
  writeFileSync(setting, '0');
  t.teardown(() => writeFileSync(setting, before));
  const cgroup = makeCgroup(t, 'unwatched');
  t.throws(() => cgroup.events(), { code: 'ENOSPC' });
  const { ended } = start(cgroup, 'while :; do :; done');
  await until(() => cgroup.populated());
  await cgroup.freeze();
  t.equal(cgroup.frozen(), true);
  await cgroup.thaw();
  await cgroup.kill();
  t.match(await ended, { signal: 'SIGKILL' });
});

t.test('writing to a disk keeps to io.max, and is counted', async (t) => {
  const cgroup = makeCgroup(t, 'io');
  const device = readFileSync('/sys/block/ubdb/dev', 'utf8').trim();
  const [major = 0, minor = 0] = device.split(':').map(Number);
  const write = 'dd if=/dev/zero of=/dev/ubdb bs=64k count=48 oflag=direct';
  const free = await start(cgroup, write).ended;
  t.match(free, { code: 0 });
  const rate = { major, minor, rate: 1 << 20 };
  await cgroup.apply(planResources({ blockIO: { throttleWriteBpsDevice: [rate] } }));
  t.match(cgroup.settings(), { 'io.max': [{ device, writeBytesPerSecond: 1 << 20 }] });
  const limited = await start(cgroup, write).ended;
  t.match(limited, { code: 0 });
  t.ok(limited.milliseconds > 2000, `3 MiB at 1 MiB/s took ${limited.milliseconds} ms`);
  t.ok(free.milliseconds < limited.milliseconds / 2, `and ${free.milliseconds} ms before`);
  t.ok((cgroup.statistics().io?.[device]?.writeBytes ?? 0) >= 6 << 20);
  await cgroup.apply({ 'io.max': [{ device, writeBytesPerSecond: 'max' }] });
  t.match(cgroup.settings(), { 'io.max': [] });
});

t.test('a failing write takes back the limit of a disk too', async (t) => {
  const cgroup = makeCgroup(t, 'undo');
  const device = readFileSync('/sys/block/ubdb/dev', 'utf8').trim();
  await cgroup.apply({ 'io.max': [{ device, readBytesPerSecond: 5000 }], 'pids.max': 9 });
  const wrong = [
    { device, readBytesPerSecond: 7000 },
    { device: '4000:1', readBytesPerSecond: 1 },
  ];
  await t.rejects(cgroup.apply({ 'pids.max': 5, 'io.max': wrong }), { name: 'DomainError' });
  t.match(cgroup.settings(), { 'io.max': [{ device, readBytesPerSecond: 5000 }], 'pids.max': 9 });
});

t.test('a container of the kubelet has every controller down its path', async (t) => {
  const path = '/lab/kubepods.slice/kubepods-burstable.slice/pod.slice/keelson-1.scope';
  using cgroup = hierarchy.create(path);
  t.teardown(async () => await hierarchy.remove('/lab/kubepods.slice'));
  t.same(new Set(cgroup.controllers()), new Set(hierarchy.controllers()));
});

t.test("a delegated cgroup is the user's to divide, and its limit is not", async (t) => {
  const cgroup = makeCgroup(t, 'delegated');
  await cgroup.apply({ 'pids.max': 30 });
  cgroup.delegate({ uid: 1234, gid: 1234 });
  const path = cgroup.folderPath;
  const attempt = [
    `cd ${path} && mkdir mine && echo +pids > cgroup.subtree_control`,
    'echo 5 > mine/pids.max && echo made',
    'echo max > pids.max || echo refused',
  ].join('\n');
  const inside = hierarchy.create('/lab/user');
  t.teardown(async () => await inside.remove());
  const user = 'setpriv --reuid 1234 --regid 1234 --clear-groups';
  const { ended } = start(inside, `${user} sh -c '${attempt}'`);
  t.match(await ended, { stdout: 'made\nrefused\n' });
});
