/** What the kernel says of a container's first process, as seen from outside. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';
import t from 'tap';
import type { Process, Scheduler } from '../../../src/container/spec.ts';
import type { Linux } from '../../../src/container/spec-linux.ts';
import { getAffinity, getIoPriority, getScheduling } from '../../../src/kernel/scheduling.ts';
import { standardMounts } from './bundle.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

const invalid = { name: 'DomainError', kind: 'invalid' };

/** The pid of a container that sleeps; exec and its end are the caller's. */
async function started(scratch: Scratch, change: Partial<Process>, linux: Linux = {}) {
  await scratch.engine.create(
    scratch.bundle.request('c', ['sleep', '1000'], { process: change, linux }),
  );
  return (await scratch.engine.start('c')).pid;
}

const schedulers: readonly [Scheduler, object][] = [
  [
    { policy: 'SCHED_OTHER', nice: 5 },
    { policy: 'SCHED_OTHER', nice: 5 },
  ],
  [
    { policy: 'SCHED_BATCH', nice: -5 },
    { policy: 'SCHED_BATCH', nice: -5 },
  ],
  [{ policy: 'SCHED_IDLE' }, { policy: 'SCHED_IDLE' }],
  [
    { policy: 'SCHED_FIFO', priority: 7 },
    { policy: 'SCHED_FIFO', priority: 7 },
  ],
  [
    { policy: 'SCHED_RR', priority: 3, flags: ['SCHED_FLAG_RESET_ON_FORK'] },
    { policy: 'SCHED_RR', priority: 3, flags: ['SCHED_FLAG_RESET_ON_FORK'] },
  ],
  [
    { policy: 'SCHED_DEADLINE', runtime: 1_000_000, deadline: 50_000_000, period: 100_000_000 },
    {
      policy: 'SCHED_DEADLINE',
      runtimeNs: 1_000_000,
      deadlineNs: 50_000_000,
      periodNs: 100_000_000,
    },
  ],
];

for (const [scheduler, expected] of schedulers) {
  t.test(`a first process runs as ${scheduler.policy}`, async (t) => {
    await using scratch = new Scratch();
    try {
      t.match(getScheduling(await started(scratch, { scheduler })), expected);
    } catch (error) {
      // Real-time groups of cgroup v1, or a machine without CAP_SYS_NICE, refuse these policies.
      t.match(error, { message: /sched_setattr: EPERM/ });
      t.pass('the policy', { skip: `this machine refuses ${scheduler.policy}` });
    }
  });
}

t.test('I/O priority is class and level', async (t) => {
  await using scratch = new Scratch();
  const ioPriority = { class: 'IOPRIO_CLASS_BE', priority: 6 };
  const pid = await started(scratch, { ioPriority });
  t.match(JSON.stringify(getIoPriority(pid)), /BE|best-effort/i);
  t.equal(getIoPriority(pid).level, 6);
});

for (const [memoryPolicy, expected] of [
  [{ mode: 'MPOL_BIND', nodes: '0' }, / bind:0 /],
  [
    { mode: 'MPOL_INTERLEAVE', nodes: '0', flags: ['MPOL_F_STATIC_NODES'] },
    / interleave=static:0 /,
  ],
  [{ mode: 'MPOL_PREFERRED', nodes: '0' }, / prefer:0 /],
  [{ mode: 'MPOL_LOCAL' }, / local /],
  [{ mode: 'MPOL_DEFAULT' }, / default /],
] as const) {
  t.test(`memory policy ${memoryPolicy.mode} is the program's, and an exec's`, async (t) => {
    await using scratch = new Scratch();
    const { out } = await scratch.run(['head', '-n1', '/proc/self/numa_maps'], {
      linux: { memoryPolicy },
    });
    t.match(out, expected);
    await started(scratch, {}, { memoryPolicy });
    const args = ['head', '-n1', '/proc/self/numa_maps'];
    const session = await scratch.engine.exec('c', { args, terminal: false, stdin: false });
    t.match(await text(session.stdout), expected);
    await session.close();
  });
}

function uptime(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}

t.test('time offsets are of the clock that is named, backwards too', async (t) => {
  await using scratch = new Scratch();
  const kinds = ['pid', 'mount', 'time'] as const;
  const linux = {
    namespaces: kinds.map((type) => ({ type })),
    timeOffsets: {
      monotonic: { secs: 2_000_000, nanosecs: 5 },
      boottime: { secs: -10 },
    },
  };
  const mounts = standardMounts.filter(({ type }) => type === 'proc');
  const script = 'cut -d" " -f1 /proc/uptime; cat /proc/self/timens_offsets';
  const before = uptime();
  const { out, err } = await scratch.run(['sh', '-c', script], { linux, mounts, hostname: '' });
  t.equal(err, '');
  const [inside = '', ...offsets] = out.split('\n');
  t.ok(Number(inside) >= before - 10.1 && Number(inside) <= uptime() - 9.9, `${inside} s`);
  t.match(offsets.join('\n'), /monotonic +2000000 +5\nboottime +-10 +0/);
});

t.test(
  'an exec has its own processors, at first and at last; the first process none',
  { skip: availableParallelism() < 2 && 'one processor' },
  async (t) => {
    await using scratch = new Scratch();
    const host = getAffinity(process.pid);
    const [first = 0, second = 1] = host;
    for (const [execCPUAffinity, expected] of [
      [{ final: String(second) }, [second]],
      [{ initial: String(first) }, [first]],
      [{ initial: String(first), final: `${second}` }, [second]],
      [{ initial: '', final: '' }, host],
    ] as const) {
      const pid = await started(scratch, { execCPUAffinity });
      t.same(getAffinity(pid), host, 'it is not for the first process');
      const args = ['grep', 'Cpus_allowed_list', '/proc/self/status'];
      const session = await scratch.engine.exec('c', { args, terminal: false, stdin: false });
      const list = (await text(session.stdout)).split('\t')[1] ?? '';
      t.equal(list.trim(), rangesOf(expected), JSON.stringify(execCPUAffinity));
      await session.close();
      await scratch.engine.remove('c');
    }
  },
);

/** 0, 1, 2, 4 as the kernel writes it: 0-2,4. */
function rangesOf(cpus: readonly number[]): string {
  const starts = cpus.filter((cpu) => !cpus.includes(cpu - 1));
  const ends = cpus.filter((cpu) => !cpus.includes(cpu + 1));
  return starts.map((from, i) => (from === ends[i] ? `${from}` : `${from}-${ends[i]}`)).join(',');
}

t.test('LINUX32 shows another machine; flags, which no version defines, are refused', async (t) => {
  await using scratch = new Scratch();
  const { out } = await scratch.run(['cat', '/proc/self/personality'], {
    linux: { personality: { domain: 'LINUX32' }, maskedPaths: [] },
  });
  t.equal(out, '00000008\n');
  const personality = { domain: 'LINUX', flags: ['ADDR_NO_RANDOMIZE'] };
  const unsupported = { name: 'DomainError', kind: 'unsupported' };
  await t.rejects(scratch.run(['true'], { linux: { personality } }), unsupported);
});

t.test('words and numbers that nobody knows are refused before anything is made', async (t) => {
  await using scratch = new Scratch();
  const refused: readonly [Partial<Process>, Linux][] = [
    [{ scheduler: { policy: 'SCHED_FAST' } }, {}],
    [{ scheduler: { policy: 'constructor' } }, {}],
    [{ scheduler: { policy: 'SCHED_OTHER', nice: 20 } }, {}],
    [{ scheduler: { policy: 'SCHED_OTHER', flags: ['SCHED_FLAG_X'] } }, {}],
    [{ ioPriority: { class: 'IOPRIO_CLASS_BE', priority: 8 } }, {}],
    [{ ioPriority: { class: 'IOPRIO_CLASS_BEST', priority: 1 } }, {}],
    [{}, { memoryPolicy: { mode: 'MPOL_ALL' } }],
    [{}, { memoryPolicy: { mode: 'MPOL_BIND', nodes: '3-1' } }],
    [{}, { memoryPolicy: { mode: 'MPOL_BIND', nodes: '0', flags: ['MPOL_F_X'] } }],
    [{}, { personality: { domain: 'BSD' } }],
    [
      {},
      { timeOffsets: { realtime: { secs: 1 } }, namespaces: [{ type: 'mount' }, { type: 'time' }] },
    ],
  ];
  for (const [change, linux] of refused) {
    const words = JSON.stringify([change, linux]);
    await t.rejects(scratch.run(['true'], { process: change, linux }), invalid, words);
  }
  await t.rejects(scratch.run(['true'], { linux: { intelRdt: {} } }), /linux\.intelRdt/);
  t.same(scratch.engine.list(), []);
});
