/** Archives that try to take more than they may, or to say what layers must not say. */
import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import t from 'tap';
import type { LayerLimits } from '../../../../src/image/layer/layer.ts';
import { listXattrs } from '../../../../src/kernel/xattr.ts';
import { archive, block, entry, pax } from '../../../unit/image/layer/tar-block.ts';
import { withoutRoot } from '../../skip.ts';
import { openBench } from './unpack-bytes.ts';

// Slow disks and busy machines are no failures.
t.setTimeout(300_000);

const base256 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(value, 4);
  bytes[0] = 0x80;
  return bytes;
};

const files = (count: number) =>
  Array.from({ length: count }, (_, index) => entry({ name: `f${index}` }));
const deep = (depth: number) => `${'d/'.repeat(depth)}f`;

t.test('each bound names the entry and itself', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const hole = pax({ 'GNU.sparse.map': '', 'GNU.sparse.size': String(2 ** 50) });
  const sparse = pax({
    'GNU.sparse.major': '1',
    'GNU.sparse.minor': '0',
    'GNU.sparse.name': 'bomb',
    'GNU.sparse.realsize': String(2 ** 50),
  });
  const cases: [string, Buffer[], Partial<LayerLimits>, RegExp][] = [
    ['entries', files(11), { entries: 10 }, /"f10" exceeds the bound of 10 entries/],
    ['made folders', [entry({ name: deep(10) })], { entries: 10 }, /exceeds the bound of 10/],
    ['depth', [entry({ name: deep(9) })], { depth: 8 }, /deeper than the bound of 8/],
    ['default depth', [pax({ path: deep(300) }), entry({ name: 'f' })], {}, /bound of 255/],
    ['name', [pax({ path: 'n'.repeat(256) }), entry({ name: 'f' })], {}, /bound of 255 bytes/],
    ['path', [pax({ path: 'n/'.repeat(2100) }), entry({ name: 'f' })], {}, /bound of 4096 bytes/],
    ['link', [pax({ linkpath: 'n'.repeat(5000) }), entry({ name: 'f', type: '2' })], {}, /"f"/],
    ['sparse', [sparse, entry({ name: 'f' }, `0\n${'\0'.repeat(510)}`)], {}, /"bomb" .*bound of/],
    ['a hole', [hole, entry({ name: 'f' })], {}, /"f" is a damaged sparse file/],
    [
      'files',
      [entry({ name: 'big' }, 'x'.repeat(99))],
      { bytes: 50 },
      /archive brings it beyond the bound of 50 bytes/,
    ],
    ['owner', [block({ name: 'f', raw: [[108, base256(0xffff_ffff)]] })], {}, /owner out of range/],
    ['group', [block({ name: 'f', raw: [[116, base256(0xffff_ffff)]] })], {}, /group out of range/],
    ['device', [block({ name: 'f', type: '3', major: 4096 })], {}, /numbers out of range/],
    ['empty whiteout', [entry({ name: 'a/.wh.' })], {}, /whiteout of no name/],
    ['beneath a whiteout', [entry({ name: '.wh.a/b' })], {}, /beneath a whiteout/],
    ['root as file', [entry({ name: './' }, 'x')], {}, /is the root but no folder/],
    ['empty link', [entry({ name: 'l', type: '2' })], {}, /"l" cannot be made/],
    ['empty hard link', [entry({ name: 'l', type: '1' })], {}, /does not hold/],
    [
      'linked folder',
      [entry({ name: 'd', type: '5' }), entry({ name: 'l', type: '1', linkName: 'd' })],
      {},
      /"l" cannot be made/,
    ],
    ['file as folder', [entry({ name: 'f' }), entry({ name: 'f/g' })], {}, /is used as a folder/],
    [
      'no capability',
      [pax({ 'SCHILY.xattr.security.capability': 'x' }), entry({ name: 'f' })],
      {},
      /malformed/,
    ],
    [
      'great attribute',
      [pax({ 'SCHILY.xattr.user.x': 'x'.repeat(70_000) }), entry({ name: 'f' })],
      {},
      /beyond the bound/,
    ],
    [
      'many attributes',
      [
        pax(
          Object.fromEntries(
            Array.from({ length: 300 }, (_, index) => [`SCHILY.xattr.user.${index}`, 'x']),
          ),
        ),
        entry({ name: 'f' }),
      ],
      {},
      /more than 256/,
    ],
  ];
  for (const [name, parts, limits, message] of cases) {
    const unpacked = bench.unpack(bench.makeFolder(), archive(...parts), { limits });
    await t.rejects(unpacked, { kind: 'invalid', message }, name);
  }
});

t.test(
  'bombs end at their bound, long before the disk is full',
  { skip: withoutRoot },
  async (t) => {
    const bench = openBench(t);
    const zeros = archive(entry({ name: 'zeros' }, Buffer.alloc(64 << 20)));
    const cases: [string, Buffer, Partial<LayerLimits>, RegExp][] = [
      [
        'gzip, all',
        gzipSync(zeros),
        { bytes: 70 << 20, freeBytes: 1 << 20, expansion: 900 },
        /expands/,
      ],
      ['zstd', zstdCompressSync(zeros), { freeBytes: 1 << 20 }, /"zeros" expands .* 1100 times/],
      ['bytes', gzipSync(Buffer.concat([zeros, zeros])), { bytes: 65 << 20 }, /bound of/],
    ];
    for (const [name, blob, limits, message] of cases) {
      const folder = bench.makeFolder();
      await t.rejects(bench.unpack(folder, blob, { limits }), { kind: 'invalid', message }, name);
    }
    const folder = bench.makeFolder();
    await bench.unpack(folder, gzipSync(zeros), { limits: { freeBytes: 1 << 20 } });
    t.equal(statSync(join(folder, 'zeros')).size, 64 << 20, 'no honest gzip is refused');
  },
);

t.test('a great sparse file takes no space', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const folder = bench.makeFolder();
  const size = 100 * 2 ** 30;
  const records = { 'GNU.sparse.map': `0,4,${size - 4},4`, 'GNU.sparse.size': String(size) };
  await bench.unpack(folder, archive(pax(records), entry({ name: 'f' }, 'headtail')));
  const file = lstatSync(join(folder, 'f'));
  t.equal(file.size, size);
  t.ok(file.blocks < 100);
});

t.test('a hundred thousand files are no trouble', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const folder = bench.makeFolder();
  const count = 100_000;
  const parts = Array.from({ length: count }, (_, index) =>
    entry({ name: `d${index % 300}/f${index}`, modified: index }),
  );
  const result = await bench.unpack(folder, gzipSync(archive(...parts), { level: 1 }));
  t.equal(result.entries, count);
  const found = readdirSync(folder).map((name) => readdirSync(join(folder, name)).length);
  t.equal(
    found.reduce((total, one) => total + one, 0),
    count,
  );
});

t.test('attributes that order the host about are left out', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const folder = bench.makeFolder();
  const names = [
    'trusted.overlay.opaque',
    'trusted.overlay.redirect',
    'trusted.overlay.metacopy',
    'trusted.overlay.whiteout',
    'trusted.other',
    'user.overlay.opaque',
    'security.selinux',
    'security.ima',
    'system.unknown',
    'user.kept',
  ];
  const records = Object.fromEntries(names.map((name) => [`SCHILY.xattr.${name}`, 'y']));
  const blob = archive(
    pax(records),
    entry({ name: 'd', type: '5' }),
    pax(records),
    entry({ name: 'f' }),
  );
  await bench.unpack(folder, blob);
  t.same(listXattrs(join(folder, 'd')), ['user.kept']);
  t.same(listXattrs(join(folder, 'f')), ['user.kept']);
});

t.test('whiteouts hide lower layers only', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const blob = archive(
    entry({ name: 'd', type: '5' }),
    entry({ name: 'd/.wh..wh..opq' }),
    entry({ name: '.wh.gone' }),
    entry({ name: 'file' }, 'x'),
    entry({ name: '.wh.file' }),
    entry({ name: 'folder/in' }, 'x'),
    entry({ name: '.wh.folder' }),
    entry({ name: '.wh.again' }),
    entry({ name: 'again/in' }, 'x'),
    entry({ name: '.wh.back' }),
    entry({ name: 'back' }, 'x'),
    entry({ name: '.wh..wh.plnk', type: '5' }),
    entry({ name: '.wh..wh.plnk/1.2' }, 'x'),
  );
  const lowest = bench.makeFolder();
  await bench.unpack(lowest, blob, { lowest: true });
  t.same(readdirSync(lowest).toSorted(), ['again', 'back', 'd', 'file', 'folder']);
  t.same(listXattrs(join(lowest, 'd')), [], 'the lowest layer has nothing to hide');

  const upper = bench.makeFolder();
  const result = await bench.unpack(upper, blob);
  t.same(readdirSync(upper).toSorted(), ['again', 'back', 'd', 'file', 'folder', 'gone']);
  t.ok(lstatSync(join(upper, 'gone')).isCharacterDevice());
  for (const name of ['d', 'folder', 'again']) {
    t.same(listXattrs(join(upper, name)), ['trusted.overlay.opaque'], name);
  }
  t.equal(statSync(join(upper, 'back')).size, 1);
  t.equal(result.hidesLowers, false);
  const all = await bench.unpack(bench.makeFolder(), archive(entry({ name: '.wh..wh..opq' })));
  t.equal(all.hidesLowers, true, 'an opaque root is told, for overlayfs cannot do it');
  t.notOk(existsSync(join(upper, '.wh..wh.plnk')));
});
