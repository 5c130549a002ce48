import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import koffi from 'koffi';
import t from 'tap';
import {
  getAffinity,
  getIoPriority,
  getOomScoreAdjustment,
  getResourceLimit,
  getScheduling,
  processCapabilities,
  resourceNames,
  resourceNumber,
  setAffinity,
  setIoPriority,
  setOomScoreAdjustment,
  setResourceLimit,
  setScheduling,
} from '../../../src/index.ts';
import { failureOf } from '../failure.ts';
import { withoutRoot } from '../skip.ts';

const libc = koffi.load('libc.so.6');

/** A process to change. */
function sleeper(t: { teardown(undo: () => void): void }): number {
  const child: ChildProcess = spawn('sleep', ['60']);
  t.teardown(() => child.kill('SIGKILL'));
  return child.pid ?? 0;
}

t.test('every limit agrees with libc called directly', async (t) => {
  const call = libc.func('int getrlimit(int resource, _Out_ uint64_t *limits)');
  for (const name of resourceNames) {
    const limits = new BigUint64Array(2);
    t.equal(call(resourceNumber(name), limits), 0);
    const { soft, hard } = getResourceLimit(0, name);
    t.same([soft ?? 2n ** 64n - 1n, hard ?? 2n ** 64n - 1n], [...limits], name);
  }
});

t.test('limits of another process are changed', { skip: withoutRoot }, async (t) => {
  const pid = sleeper(t);
  const before = getResourceLimit(pid, 'RLIMIT_NOFILE');
  t.same(setResourceLimit(pid, 'RLIMIT_NOFILE', { soft: 17n, hard: 18n }), before);
  const shown = execFileSync('prlimit', [
    '-p',
    String(pid),
    '-n',
    '-o',
    'SOFT,HARD',
    '--noheadings',
  ]);
  t.match(shown.toString().trim(), /^17 +18$/);
  t.same(getResourceLimit(pid, 'RLIMIT_NOFILE'), { soft: 17n, hard: 18n });
  t.throws(() => setResourceLimit(pid, 'RLIMIT_NOFILE', { soft: 20n, hard: 18n }), {
    call: 'prlimit',
    code: 'EINVAL',
  });
});

const resourceful = processCapabilities().effective.includes('CAP_SYS_RESOURCE');

t.test(
  'raising a hard limit without CAP_SYS_RESOURCE says so',
  { skip: resourceful ? 'has CAP_SYS_RESOURCE' : withoutRoot },
  async (t) => {
    const pid = sleeper(t);
    setResourceLimit(pid, 'RLIMIT_NOFILE', { soft: 10n, hard: 10n });
    const raise = () => setResourceLimit(pid, 'RLIMIT_NOFILE', { soft: 10n, hard: 11n });
    t.match(await failureOf(raise), { kind: 'unsupported', message: /CAP_SYS_RESOURCE is needed/ });
    const lower = () => setOomScoreAdjustment(pid, getOomScoreAdjustment(pid) - 1);
    t.match(await failureOf(lower), { kind: 'unsupported', message: /CAP_SYS_RESOURCE is needed/ });
  },
);

t.test('limits that are none are refused', async (t) => {
  t.throws(() => resourceNumber('RLIMIT_FUN'), { message: '"RLIMIT_FUN" is no resource limit' });
  t.equal(resourceNumber('nofile'), 7);
  const negative = { soft: -1n, hard: undefined };
  t.match(await failureOf(() => setResourceLimit(0, 'RLIMIT_CORE', negative)), { kind: 'invalid' });
});

t.test('scheduling is set and read back, as chrt shows it', { skip: withoutRoot }, async (t) => {
  const pid = sleeper(t);
  setScheduling(pid, { policy: 'SCHED_BATCH', nice: 7 });
  t.match(getScheduling(pid), { policy: 'SCHED_BATCH', nice: 7, flags: [] });
  t.match(execFileSync('chrt', ['-p', String(pid)], { encoding: 'utf8' }), /SCHED_BATCH/);
  const flags = ['SCHED_FLAG_RESET_ON_FORK'] as const;
  setScheduling(pid, { policy: 'SCHED_OTHER', nice: 3, flags });
  t.match(getScheduling(pid), { policy: 'SCHED_OTHER', nice: 3, flags });
  t.throws(() => setScheduling(pid, { policy: 'SCHED_FIFO', priority: 100 }), {
    call: 'sched_setattr',
    code: 'EINVAL',
  });
  t.throws(() => getScheduling(2 ** 22 + 1), { code: 'ESRCH' });
});

t.test('processors are chosen, as taskset shows them', async (t) => {
  const pid = sleeper(t);
  const all = getAffinity(pid);
  const last = all.at(-1) ?? 0;
  setAffinity(pid, [last]);
  t.same(getAffinity(pid), [last]);
  t.match(execFileSync('taskset', ['-cp', String(pid)], { encoding: 'utf8' }), `list: ${last}\n`);
  t.throws(() => setAffinity(pid, [8000]), { code: 'EINVAL' });
  t.match(await failureOf(() => setAffinity(pid, [-1])), { kind: 'invalid' });
});

t.test('disk priority is set and read back, as ionice shows it', async (t) => {
  const pid = sleeper(t);
  setIoPriority(pid, { class: 'best-effort', level: 6 });
  t.same(getIoPriority(pid), { class: 'best-effort', level: 6 });
  const shown = execFileSync('ionice', ['-p', String(pid)], { encoding: 'utf8' });
  t.equal(shown, 'best-effort: prio 6\n');
  setIoPriority(pid, { class: 'idle', level: 0 });
  t.same(getIoPriority(pid), { class: 'idle', level: 0 });
});

t.test('the oom score can always be raised', async (t) => {
  const pid = sleeper(t);
  setOomScoreAdjustment(pid, 900);
  t.equal(getOomScoreAdjustment(pid), 900);
  t.throws(() => setOomScoreAdjustment(pid, 1001), { code: 'EINVAL' });
});
