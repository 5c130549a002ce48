import t from 'tap';
import { scratch, unable } from './scratch.ts';
import { kernelFailure, refusal } from '../../unit/cgroup/refusal.ts';

const skip = unable();

t.test('settings are written and read back as typed values', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base);
  const settings = { 'cgroup.max.depth': 5, 'cgroup.max.descendants': 'max' } as const;
  t.same(await cgroup.apply(settings), { notEnforced: [] });
  t.match(cgroup.settings(), settings);
  t.equal(cgroup.read('cgroup.max.depth'), '5\n');
});

t.test('a failing write takes the earlier ones back', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base);
  await cgroup.apply({ 'cgroup.max.depth': 7, 'cgroup.max.descendants': 9 });
  // The typed values are in range for us; the kernel's descendants are an int.
  await t.rejects(cgroup.apply({ 'cgroup.max.depth': 3, 'cgroup.max.descendants': 2 ** 40 }), {
    kind: 'invalid',
    message: /^Cannot set cgroup.max.descendants of cgroup ".*" to "1099511627776"$/,
    cause: kernelFailure('ERANGE'),
  });
  t.match(cgroup.settings(), { 'cgroup.max.depth': 7, 'cgroup.max.descendants': 9 });
});

t.test('a limit whose controller is missing is refused by name', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base, { controllers: [] });
  const settings = { 'cgroup.max.depth': 3, 'memory.max': 1 << 20 } as const;
  const line =
    /^Cannot set memory.max of cgroup "[^"]+" to 1048576: the memory controller is not available/;
  await t.rejects(cgroup.apply(settings), refusal('unsupported', line));
  t.match(cgroup.settings(), { 'cgroup.max.depth': 'max' }, 'nothing has been written');
  const applied = await cgroup.apply(settings, { missingControllers: 'warn' });
  t.match(applied.notEnforced, [line]);
  t.equal(applied.notEnforced.length, 1);
  t.match(cgroup.settings(), { 'cgroup.max.depth': 3 }, 'the rest is enforced');
});

t.test('no limit needs no controller', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base, { controllers: [] });
  const settings = { 'memory.max': 'max', 'pids.max': 'max' } as const;
  t.same(await cgroup.apply(settings), { notEnforced: [] });
});

t.test('reclaiming without the memory controller is unsupported', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(`${base}/a`, { controllers: [] });
  const message = /^Cannot reclaim memory of cgroup ".*": it has no memory.reclaim/;
  await t.rejects(cgroup.reclaim(4096), refusal('unsupported', message));
  await t.rejects(cgroup.reclaim(-1), refusal('invalid'));
  using above = hierarchy.open(base);
  t.same(above.children(), ['a']);
});

t.test('read takes an interface file and no path', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base);
  t.throws(() => cgroup.read('../cgroup.procs'), refusal('invalid'));
});
