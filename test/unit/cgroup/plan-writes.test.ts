import t from 'tap';
import { inSafeOrder, undoOf, writesOf, type Write } from '../../../src/cgroup/plan-writes.ts';
import type { Settings } from '../../../src/cgroup/setting.ts';
import { refusal } from './refusal.ts';

function order(settings: Settings, before: Record<string, string> = {}): string[] {
  return inSafeOrder(writesOf(settings), new Map(Object.entries(before))).map(({ file }) => file);
}

t.test('typed settings become the texts of their files', async (t) => {
  const settings: Settings = {
    'cpu.max': { quotaMicroseconds: 10_000, periodMicroseconds: 100_000 },
    'cpu.idle': true,
    'cpuset.cpus': '0-1,3',
    'cpuset.mems': '',
    'memory.max': 'max',
    'hugetlb.2MB.max': 4 << 20,
    'cpu.uclamp.min': 12.5,
    'cpuset.cpus.partition': 'isolated',
    'io.max': [{ device: '8:0', readBytesPerSecond: 1000, writeOperationsPerSecond: 'max' }],
    'io.weight': { default: 50, devices: [{ device: '8:0', weight: 200 }] },
    'io.latency': [{ device: '8:0', targetMicroseconds: 500 }],
  };
  t.same(Object.fromEntries(writesOf(settings).map(({ file, texts }) => [file, texts])), {
    'cpu.max': ['10000 100000'],
    'cpu.idle': ['1'],
    'cpuset.cpus': ['0-1,3'],
    'cpuset.mems': ['\n'],
    'memory.max': ['max'],
    'hugetlb.2MB.max': ['4194304'],
    'cpu.uclamp.min': ['12.50'],
    'cpuset.cpus.partition': ['isolated'],
    'io.max': ['8:0 rbps=1000 wiops=max'],
    'io.weight': ['default 50', '8:0 200'],
    'io.latency': ['8:0 target=500'],
  });
});

t.test('values out of range are refused with the name of the file', async (t) => {
  const wrong: [string, unknown][] = [
    ['memory.max', -1],
    ['memory.max', 1.5],
    ['memory.max', '5'],
    ['cpu.weight', 0],
    ['cpu.weight', 10_001],
    ['cpu.weight.nice', 20],
    ['cpu.max', { quotaMicroseconds: 999 }],
    ['cpu.max', { quotaMicroseconds: 1000, periodMicroseconds: 1_000_001 }],
    ['cpuset.cpus', '0-1;2'],
    ['cpuset.cpus', '0\n1'],
    ['cpuset.cpus.partition', 'other'],
    ['io.max', [{ device: '../sda', readBytesPerSecond: 1 }]],
    ['io.max', [{ device: '8:0', readBytesPerSecond: 0 }]],
    ['cpu.uclamp.min', 101],
    ['pids.max', Number.NaN],
  ];
  for (const [file, value] of wrong) {
    const message = new RegExp(`Setting ${file}: `);
    t.throws(() => writesOf({ [file]: value } as Settings), refusal('invalid', message));
  }
  t.throws(() => writesOf({ 'no.such': 1 } as Settings), refusal('invalid'));
  t.throws(() => writesOf({ 'hugetlb.x/y.max': 1 }), refusal('invalid'));
});

t.test('unified takes interface files of controllers and nothing else', async (t) => {
  t.same(writesOf({ unified: { 'misc.max': 'a 1\nb 2\n' } }), [
    { file: 'misc.max', texts: ['a 1', 'b 2'] },
  ]);
  const refused = [
    'cgroup.procs',
    'cgroup.kill',
    'cgroup.subtree_control',
    'memory/max',
    '../memory.max',
    'memory.max/..',
    'memory',
    '',
    'foo.max',
    'memory.\0',
  ];
  for (const file of refused) {
    t.throws(() => writesOf({ unified: { [file]: '1' } }), refusal('invalid'), file);
  }
  t.throws(() => writesOf({ unified: { 'memory.max': 'x'.repeat(5000) } }), refusal('invalid'));
});

t.test('unified wins over a typed setting of the same file', async (t) => {
  t.same(writesOf({ 'memory.max': 5, unified: { 'memory.max': '7' } }), [
    { file: 'memory.max', texts: ['7'] },
  ]);
});

t.test('memory limits rise first and fall last', async (t) => {
  const settings: Settings = { 'memory.low': 50, 'memory.max': 100, 'pids.max': 5 };
  t.same(order(settings, { 'memory.max': '60\n' }), ['pids.max', 'memory.max', 'memory.low']);
  t.same(order(settings, { 'memory.max': 'max\n' }), ['pids.max', 'memory.low', 'memory.max']);
});

t.test('the burst never exceeds the quota between two writes', async (t) => {
  const settings: Settings = { 'cpu.max': { quotaMicroseconds: 5000 }, 'cpu.max.burst': 4000 };
  const raise = { 'cpu.max': '3000 100000\n', 'cpu.max.burst': '3000\n' };
  t.same(order(settings, raise), ['cpu.max', 'cpu.max.burst']);
  const lower = { 'cpu.max': '9000 100000\n', 'cpu.max.burst': '9000\n' };
  t.same(order(settings, lower), ['cpu.max.burst', 'cpu.max']);
});

t.test('a weight is written while the cgroup is not idle', async (t) => {
  t.same(order({ 'cpu.idle': true, 'cpu.weight': 5 }), ['cpu.weight', 'cpu.idle']);
  t.same(order({ 'cpu.weight': 5, 'cpu.idle': false }), ['cpu.idle', 'cpu.weight']);
});

t.test('undo brings back what the file held', async (t) => {
  const io = { file: 'io.max', texts: ['8:0 rbps=1', '8:16 wbps=2'] };
  t.same(undo(io, '8:0 rbps=9 wbps=max riops=max wiops=max\n'), [
    '8:0 rbps=9 wbps=max riops=max wiops=max',
    '8:16 rbps=max wbps=max riops=max wiops=max',
  ]);
  const weight = { file: 'io.weight', texts: ['default 7', '8:0 9'] };
  t.same(undo(weight, 'default 100\n'), ['default 100', '8:0 default']);
  t.same(undo({ file: 'cpuset.cpus', texts: ['0'] }, '\n'), ['\n']);
  t.same(undo({ file: 'memory.max', texts: ['5'] }, 'max\n'), ['max']);
  t.same(undo({ file: 'misc.max', texts: ['a 1'] }, 'a 5\nb max\n'), ['a 5']);
  const partition = { file: 'cpuset.cpus.partition', texts: ['root'] };
  t.same(undo(partition, 'root invalid (Parent is not a partition root)\n'), ['root']);
});

function undo(write: Write, before: string): readonly string[] {
  return undoOf(write, before).texts;
}
