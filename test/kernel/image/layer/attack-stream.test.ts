/** Blobs that are cut, damaged, mislabelled, stopped or too great for the disk. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import t from 'tap';
import { isDomainError } from '../../../../src/base/error.ts';
import type { Digest } from '../../../../src/image/image.ts';
import { createUnpacker } from '../../../../src/image/layer/unpack.ts';
import { archive, entry, pax } from '../../../unit/image/layer/tar-block.ts';
import { withoutRoot } from '../../skip.ts';
import { openBench } from './unpack-bytes.ts';

// Slow disks and busy machines are no failures.
t.setTimeout(300_000);

const digestOf = (bytes: Buffer): Digest =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const small = archive(
  pax({ path: 'p'.repeat(150) }),
  entry({ name: 'x' }, Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 251))),
  entry({ name: 'd/', type: '5' }),
  entry({ name: 'd/y' }, 'y'.repeat(700)),
);
const forms: [string, Buffer][] = [
  ['plain', small],
  ['gzip', gzipSync(small)],
  ['zstd', zstdCompressSync(small)],
];

t.test('a blob that is cut anywhere is refused', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  for (const [name, blob] of forms) {
    const step = name === 'plain' ? 512 : 7;
    let cuts = 0;
    for (let length = 0; length < blob.length; length += step) {
      const unpacked = bench.unpack(bench.makeFolder(), blob.subarray(0, length), {
        diffId: digestOf(small),
      });
      await t.rejects(unpacked, { kind: 'invalid', message: /layer|archive/ }, `${name} ${length}`);
      cuts += 1;
    }
    t.ok(cuts > 10, `${cuts} cuts`);
  }
});

t.test('a compressed blob needs no digest to be known as cut', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  for (const [name, blob] of forms.slice(1)) {
    for (const length of [7, 30, blob.length - 9, blob.length - 1]) {
      const unpacked = bench.unpack(bench.makeFolder(), blob.subarray(0, length));
      await t.rejects(unpacked, { kind: 'invalid', message: /ends/ }, `${name} ${length}`);
    }
  }
});

t.test('flipped bits give an error and nothing else', { skip: withoutRoot }, async (t) => {
  const seed = Number(process.env['KEELSON_SEED'] ?? Date.now() % 1_000_000);
  t.comment(`KEELSON_SEED=${seed}`);
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const bench = openBench(t);
  for (const [name, blob] of forms) {
    for (let round = 0; round < 150; round += 1) {
      const bytes = Buffer.from(blob);
      const at = random(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
      const folder = bench.makeFolder();
      const error: unknown = await bench
        .unpack(folder, bytes, { blobDigest: digestOf(blob) })
        .catch((error: unknown) => error);
      if (!isDomainError(error)) t.fail(`${name}, bit at ${at}`, { error });
      if (readdirSync(join(folder, '..')).length !== 1) t.fail(`${name}: something outside`);
    }
    t.pass(name);
  }
});

t.test(
  'bytes may come one by one, members and frames may follow',
  { skip: withoutRoot },
  async (t) => {
    const bench = openBench(t);
    const half = 1000;
    const parts = [small.subarray(0, half), small.subarray(half)];
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const cases: [string, Buffer][] = [
      ['plain', small],
      ['gzip', gzipSync(small)],
      ['members', Buffer.concat(parts.map((part) => gzipSync(part)))],
      ['stored', gzipSync(small, { level: 0 })],
      [
        'frames',
        Buffer.concat([skippable, ...parts.map((part) => zstdCompressSync(part)), skippable]),
      ],
    ];
    const unpacker = createUnpacker(1);
    t.teardown(() => unpacker.close());
    for (const [name, blob] of cases) {
      const layer = unpacker.open({ folder: bench.makeFolder(), diffId: digestOf(small) });
      for (const byte of blob) await layer.write(Uint8Array.of(byte));
      const result = await layer.finish();
      t.equal(result.archiveBytes, small.length, name);
    }
  },
);

t.test('what is no layer is refused with what it is', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const wide = execFileSync('zstd', ['--long=31', '-q', '-c'], { input: Buffer.alloc(300 << 20) });
  const cases: [string, Buffer, { kind: string; message: RegExp }][] = [
    ['bzip2', execFileSync('bzip2', { input: small }), { kind: 'unsupported', message: /bzip2/ }],
    ['xz', execFileSync('xz', { input: small }), { kind: 'unsupported', message: /xz/ }],
    ['text', Buffer.from('hello world'.repeat(100)), { kind: 'invalid', message: /header/ }],
    [
      'behind gzip',
      Buffer.concat([gzipSync(small), Buffer.from('junk')]),
      { kind: 'invalid', message: /damaged|ends/ },
    ],
    [
      'behind zstd',
      Buffer.concat([zstdCompressSync(small), Buffer.from('junk')]),
      { kind: 'invalid', message: /damaged|ends/ },
    ],
    ['a zstd window of 2 GiB', wide, { kind: 'invalid', message: /zstd: .*memory/i }],
  ];
  for (const [name, blob, error] of cases) {
    await t.rejects(bench.unpack(bench.makeFolder(), blob), error, name);
  }
  const said = bench.unpack(bench.makeFolder(), small, { compression: 'gzip' });
  await t.rejects(said, { kind: 'invalid', message: /gzip/ }, 'plain that is called gzip');
  const wrong = bench.unpack(bench.makeFolder(), gzipSync(small), { blobDigest: digestOf(small) });
  await t.rejects(wrong, { kind: 'invalid', message: /blob has digest sha256:/ });
});

t.test('a layer can be stopped at any time', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const unpacker = createUnpacker(1);
  const blob = gzipSync(archive(entry({ name: 'f' }, Buffer.alloc(5_000_000, 1))), { level: 0 });
  const [first, second, third] = ['', '', ''].map(() =>
    unpacker.open({ folder: bench.makeFolder() }),
  );
  await first?.write(blob.subarray(0, 3_000_000));
  await second?.abort();
  await t.rejects(
    second?.write(blob) ?? Promise.resolve(),
    { message: /aborted/ },
    'while it waits',
  );
  const finished = Promise.resolve(first?.finish()).then(() => undefined);
  await first?.abort();
  await t.rejects(finished, { message: /aborted|ends/ }, 'while it runs');
  await first?.abort();
  await third?.write(blob);
  t.match(await third?.finish(), { entries: 1 }, 'the thread goes on with the next');
  await third?.abort();
  const last = unpacker.open({ folder: bench.makeFolder() });
  await last.write(blob.subarray(0, 100));
  await unpacker.close();
  await t.rejects(last.finish(), { message: /aborted/ }, 'at the end');
  t.throws(() => unpacker.open({ folder: bench.makeFolder() }), { message: /closed/ });
  await unpacker.close();
});

const countDescriptors = () => readdirSync('/proc/self/fd').length;

t.test('after all this no descriptor or mount is left', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const mounts = readFileSync('/proc/self/mounts', 'utf8');
  const bad = archive(entry({ name: 'd/f' }, 'x'), entry({ name: '../x' }));
  await bench.unpack(bench.makeFolder(), small);
  const before = countDescriptors();
  for (let round = 0; round < 100; round += 1) {
    await bench.unpack(bench.makeFolder(), small);
    await t.rejects(bench.unpack(bench.makeFolder(), bad), { kind: 'invalid', message: /"\.\."/ });
  }
  const after = countDescriptors();
  t.ok(after <= before, `${before} before, ${after} after`);
  t.equal(readFileSync('/proc/self/mounts', 'utf8'), mounts);
});

t.test('a full disk is told as such', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const folder = join(bench.makeFolder(), 'disk');
  mkdirSync(folder);
  const script = 'mount -t tmpfs -o size=1m,nr_inodes=50 none "$1" && exec "$2" "$3" "$1" "$4"';
  const program = new URL('./unpack-stdin.ts', import.meta.url).pathname;
  const many = archive(...Array.from({ length: 100 }, (_, index) => entry({ name: `f${index}` })));
  const cases: [string, Buffer][] = [
    ['bytes', archive(entry({ name: 'great' }, Buffer.alloc(3 << 20, 7)))],
    ['inodes', many],
  ];
  for (const [name, blob] of cases) {
    const argv = ['-m', 'sh', '-c', script, 'sh', folder, process.execPath, program];
    const child = spawn('unshare', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    // It ends before it has read all.
    child.stdin.on('error', () => undefined);
    child.stdin.end(blob);
    let output = '';
    for await (const part of child.stdout) output += String(part);
    t.match(output, /KernelError ENOSPC (write|openat2) (great|f\d+)/, name);
  }
});
