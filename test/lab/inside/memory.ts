/** Memory limits, the OOM killer and swap, in the lab machine. */
import { execFileSync } from 'node:child_process';
import t from 'tap';
import { planResources } from '../../../src/cgroup/plan-resources.ts';
import { eventsUntil, makeCgroup, start } from './machine.ts';
import { until } from '../../until.ts';

const mebibyte = 1 << 20;
/** tail keeps all of a line that never ends. */
const use = (mebibytes: number): string => `head -c ${mebibytes}M /dev/zero | tail`;

t.test('a process above the limit is killed, and the event tells it', async (t) => {
  const cgroup = makeCgroup(t, 'oom');
  await cgroup.apply(planResources({ memory: { limit: 16 * mebibyte, swap: 16 * mebibyte } }));
  const events = cgroup.events();
  const { ended } = start(cgroup, use(64));
  const kinds = await eventsUntil(events, 'oomKill');
  for (const kind of ['memoryMax', 'oom', 'oomKill']) t.ok(kinds.includes(kind), kind);
  await ended;
  t.equal(cgroup.oomKills(), 1);
  const memory = cgroup.statistics().memory;
  t.ok((memory?.peakBytes ?? Infinity) <= 16 * mebibyte);
  t.equal(memory?.limitBytes, 16 * mebibyte);
  t.ok((memory?.events.oomKill ?? 0) === 1 && (memory?.events.max ?? 0) > 0);
});

t.test('a process below the limit lives', async (t) => {
  const cgroup = makeCgroup(t, 'enough');
  await cgroup.apply({ 'memory.max': 64 * mebibyte });
  const { ended } = start(cgroup, `${use(16)} | wc -c`);
  t.match(await ended, { code: 0, stdout: `${16 * mebibyte}\n` });
  t.equal(cgroup.oomKills(), 0);
});

t.test('with oom.group all processes are killed together', async (t) => {
  const cgroup = makeCgroup(t, 'group');
  await cgroup.apply({ 'memory.max': 16 * mebibyte, 'memory.oom.group': true });
  const killed = eventsUntil(cgroup.events(), 'oomGroupKill');
  const bystander = start(cgroup, 'exec sleep 1000');
  start(cgroup, use(64));
  t.match(await bystander.ended, { signal: 'SIGKILL' });
  t.ok((await killed).includes('oomGroupKill'));
  // The last of them may still be on its way out.
  await until(() => !cgroup.populated());
});

t.test('without swap a limit kills, with swap it does not', async (t) => {
  execFileSync('mkswap', ['/dev/ubdb'], { stdio: 'ignore' });
  execFileSync('swapon', ['/dev/ubdb']);
  t.teardown(() => void execFileSync('swapoff', ['/dev/ubdb']));
  const cgroup = makeCgroup(t, 'swap');
  const limit = 16 * mebibyte;
  await cgroup.apply(planResources({ memory: { limit, swap: limit } }));
  t.equal(cgroup.read('memory.swap.max'), '0\n');
  await start(cgroup, use(32)).ended;
  t.equal(cgroup.oomKills(), 1);
  t.equal(cgroup.statistics().memory?.swapBytes, 0);
  await cgroup.apply(planResources({ memory: { limit, swap: 4 * limit } }));
  const { ended } = start(cgroup, `${use(32)} | wc -c`);
  t.match(await ended, { code: 0, stdout: `${32 * mebibyte}\n` });
  t.equal(cgroup.oomKills(), 1, 'no further kill');
});

t.test('a lower limit reclaims what can be given up', async (t) => {
  const cgroup = makeCgroup(t, 'lower');
  const file = '/var/lib/keelson/cached';
  const { ended } = start(
    cgroup,
    `head -c 32M /dev/zero > ${file}; sync ${file}; cat ${file} | wc -c`,
  );
  t.match(await ended, { code: 0 });
  t.ok((cgroup.statistics().memory?.currentBytes ?? 0) > 24 * mebibyte);
  await cgroup.apply({ 'memory.max': 8 * mebibyte });
  t.ok((cgroup.statistics().memory?.currentBytes ?? Infinity) <= 8 * mebibyte);
});

t.test('memory is reclaimed when that is asked for, as far as there is some', async (t) => {
  const cgroup = makeCgroup(t, 'reclaim');
  const file = '/var/lib/keelson/reclaimed';
  const { ended } = start(cgroup, `head -c 32M /dev/zero > ${file}; sync ${file}`);
  t.match(await ended, { code: 0 });
  const current = (): number => cgroup.statistics().memory?.currentBytes ?? 0;
  const before = current();
  t.equal(await cgroup.reclaim(16 * mebibyte), true);
  t.ok(before - current() >= 12 * mebibyte, `${before} bytes became ${current()}`);
  t.equal(await cgroup.reclaim(256 * mebibyte), false);
});

t.test('a limit below use is refused when that is asked for', async (t) => {
  const cgroup = makeCgroup(t, 'check');
  const holder = start(cgroup, `(${use(32)}; sleep 1000) | (sleep 1000)`);
  t.teardown(() => void holder.kill());
  await until(() => (cgroup.statistics().memory?.currentBytes ?? 0) > 24 * mebibyte);
  const settings = planResources({ memory: { limit: 4 * mebibyte }, pids: { limit: 50 } });
  await t.rejects(cgroup.apply(settings, { checkMemoryUsage: true }), {
    name: 'DomainError',
    message: /^Cannot set memory.max of cgroup ".*" to 4194304: \d+ bytes are in use$/,
  });
  t.match(cgroup.settings(), { 'memory.max': 'max', 'pids.max': 'max' });
  t.equal(cgroup.oomKills(), 0);
});

t.test('memory.high slows down and tells, and kills nobody', async (t) => {
  const cgroup = makeCgroup(t, 'high');
  await cgroup.apply({ 'memory.high': 8 * mebibyte });
  const events = cgroup.events();
  start(cgroup, use(12));
  t.ok((await eventsUntil(events, 'memoryHigh')).includes('memoryHigh'));
  t.equal(cgroup.oomKills(), 0);
  t.equal(cgroup.populated(), true);
});
