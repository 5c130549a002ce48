import t from 'tap';
import { flatKeyed, nestedKeyed, words } from '../../../src/cgroup/interface-file.ts';
import { parsePressure } from '../../../src/cgroup/pressure.ts';
import { settingTable } from '../../../src/cgroup/setting.ts';

t.test('flat keyed files become numbers', async (t) => {
  t.same(
    [...flatKeyed('populated 1\nfrozen 0\n')],
    [
      ['populated', 1],
      ['frozen', 0],
    ],
  );
  t.same([...flatKeyed('')], []);
});

t.test('nested keyed files become fields for each key', async (t) => {
  const text = '8:0 rbytes=1 wbytes=2\n7:0 \n253:0 rbytes=9\n';
  const plain = [...nestedKeyed(text)].map(([key, fields]) => [key, Object.fromEntries(fields)]);
  t.same(plain, [
    ['8:0', { rbytes: '1', wbytes: '2' }],
    ['7:0', {}],
    ['253:0', { rbytes: '9' }],
  ]);
});

t.test('words ignores blanks at the ends', async (t) => {
  t.same(words('cpu io\n'), ['cpu', 'io']);
  t.same(words('\n'), []);
});

t.test('pressure has its averages and its whole time', async (t) => {
  const some = 'some avg10=1.53 avg60=0.20 avg300=0.05 total=160834\n';
  const full = 'full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n';
  t.match(parsePressure(some + full), {
    some: {
      last10Seconds: 1.53,
      last60Seconds: 0.2,
      last300Seconds: 0.05,
      totalMicroseconds: 160_834,
    },
    full: { totalMicroseconds: 7 },
  });
  t.equal(parsePressure(some)?.full, undefined);
  t.equal(parsePressure(''), undefined);
});

t.test('what the kernel shows is read as what would set it', async (t) => {
  const shown: [keyof typeof settingTable, string, unknown][] = [
    ['cpu.max', 'max 100000\n', { quotaMicroseconds: 'max', periodMicroseconds: 100_000 }],
    ['cpu.weight', '100\n', 100],
    ['cpu.idle', '0\n', false],
    ['cpu.uclamp.max', 'max\n', 'max'],
    ['cpuset.cpus', '\n', ''],
    ['cpuset.cpus.partition', 'isolated invalid (no CPUs)\n', 'isolated'],
    ['memory.max', '4096\n', 4096],
    ['io.max', '', []],
    ['io.latency', '8:0 target=75\n', [{ device: '8:0', targetMicroseconds: 75 }]],
    [
      'io.weight',
      'default 100\n8:0 50\n',
      { default: 100, devices: [{ device: '8:0', weight: 50 }] },
    ],
    [
      'io.max',
      '8:16 rbps=2097152 wbps=max riops=max wiops=120\n',
      [
        {
          device: '8:16',
          readBytesPerSecond: 2_097_152,
          writeBytesPerSecond: 'max',
          readOperationsPerSecond: 'max',
          writeOperationsPerSecond: 120,
        },
      ],
    ],
  ];
  for (const [file, text, value] of shown) t.same(settingTable[file].parse(text), value, file);
});
