/** Archives that try to reach what lies outside of the layer's folder. */
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { archive, entry, pax } from '../../../unit/image/layer/tar-block.ts';
import { withoutRoot } from '../../skip.ts';
import { describeTree } from './describe-tree.ts';
import { openBench, type Bench } from './unpack-bytes.ts';

// Slow disks and busy machines are no failures.
t.setTimeout(300_000);

/** A folder to unpack into, and beside it what must not change. */
function makeVictim(bench: Bench): { folder: string; outside: string; check: () => string[] } {
  const folder = bench.makeFolder();
  const outside = join(folder, '../outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret'), 'secret');
  chmodSync(join(outside, 'secret'), 0o600);
  return { folder, outside, check: () => describeTree(outside) };
}

const up = '../'.repeat(12);

t.test('nothing outside is written, linked or changed', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const passwd = lstatSync('/etc/passwd', { bigint: true });
  const cases: [string, (outside: string) => Buffer[], RegExp | undefined][] = [
    ['.. in a name', () => [entry({ name: '../outside/new' })], /"\.\."/],
    ['.. inside a name', () => [entry({ name: 'a/../../outside/new' })], /"\.\."/],
    ['.. alone', () => [entry({ name: '..', type: '5', mode: 0o777 })], /"\.\."/],
    ['.. by pax', () => [pax({ path: '../outside/new' }), entry({ name: 'x' })], /"\.\."/],
    ['.. in a whiteout', () => [entry({ name: '.wh...' })], /whiteout/],
    ['an absolute name', (outside) => [entry({ name: `${outside}/new` }, 'x')], undefined],
    [
      'a file through an absolute link',
      (outside) => [entry({ name: 'l', type: '2', linkName: outside }), entry({ name: 'l/new' })],
      /is used as a folder/,
    ],
    [
      'a file through a relative link',
      (outside) => [
        entry({ name: 'l', type: '2', linkName: up + outside }),
        entry({ name: 'l/secret' }, 'overwritten'),
      ],
      /is used as a folder/,
    ],
    [
      'a folder through links of links',
      (outside) => [
        entry({ name: 'd', type: '5' }),
        entry({ name: 'd/l', type: '2', linkName: '../..' }),
        entry({ name: 'm', type: '2', linkName: `d/l/..${outside}` }),
        entry({ name: 'm/new', type: '5' }),
      ],
      /is used as a folder/,
    ],
    [
      'a file in place of a link',
      (outside) => [
        entry({ name: 'l', type: '2', linkName: `${outside}/secret` }),
        entry({ name: 'l', mode: 0o777, uid: 99 }, 'new'),
      ],
      undefined,
    ],
    [
      'a link to a link, then its mode',
      (outside) => [
        entry({ name: 'l', type: '2', linkName: `${outside}/secret` }),
        entry({ name: 'h', type: '1', linkName: 'l' }),
        entry({ name: 'h', mode: 0o4777 }, 'new'),
      ],
      undefined,
    ],
    [
      'a folder in place of a link',
      (outside) => [
        entry({ name: 'l', type: '2', linkName: outside }),
        entry({ name: 'l', type: '5', mode: 0o777 }),
        entry({ name: 'l/new' }),
      ],
      undefined,
    ],
    [
      'a hard link by ..',
      () => [entry({ name: 'h', type: '1', linkName: '../outside/secret' })],
      /"\.\."/,
    ],
    [
      'a hard link by an absolute name',
      (outside) => [entry({ name: 'h', type: '1', linkName: `${outside}/secret` })],
      /does not hold/,
    ],
    [
      'a hard link through a link',
      (outside) => [
        entry({ name: 'l', type: '2', linkName: outside }),
        entry({ name: 'h', type: '1', linkName: 'l/secret' }),
        entry({ name: 'h', mode: 0o777 }, 'x'),
      ],
      /does not hold/,
    ],
    [
      'a whiteout through a link',
      (outside) => [
        entry({ name: 'l', type: '2', linkName: outside }),
        entry({ name: 'l/.wh.secret' }),
      ],
      /is used as a folder/,
    ],
    [
      'an opaque marker through a link',
      (outside) => [
        entry({ name: 'l', type: '2', linkName: outside }),
        entry({ name: 'l/.wh..wh..opq' }),
      ],
      /is used as a folder/,
    ],
    ['links of /proc', () => [entry({ name: 'proc/self/root/etc/new' }, 'x')], undefined],
    [
      'the root through a link',
      () => [entry({ name: 'l', type: '2', linkName: '/' }), entry({ name: 'l/etc/new' }, 'x')],
      undefined,
    ],
  ];
  for (const [name, parts, refused] of cases) {
    await t.test(name, async (t) => {
      const victim = makeVictim(bench);
      const before = victim.check();
      const unpacked = bench.unpack(victim.folder, archive(...parts(victim.outside)));
      if (refused === undefined) await unpacked;
      else await t.rejects(unpacked, { kind: 'invalid', message: refused });
      t.same(victim.check(), before);
      t.same(readdirSync(join(victim.folder, '..')).toSorted(), ['outside', 'rootfs']);
      t.notOk(existsSync('/etc/new'));
    });
  }
  const after = lstatSync('/etc/passwd', { bigint: true });
  t.same([after.ino, after.ctimeNs], [passwd.ino, passwd.ctimeNs]);
});

t.test('links lead to where they lead in a container', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const folder = bench.makeFolder();
  const blob = archive(
    entry({ name: 'etc', type: '5' }),
    entry({ name: 'absolute', type: '2', linkName: '/etc' }),
    entry({ name: 'upwards', type: '2', linkName: `${up}etc` }),
    entry({ name: 'absolute/a' }, 'a'),
    entry({ name: 'upwards/b' }, 'b'),
    entry({ name: 'hard', type: '1', linkName: 'absolute/a' }),
    entry({ name: '/rooted' }, 'c'),
  );
  await bench.unpack(folder, blob);
  t.same(readdirSync(join(folder, 'etc')), ['a', 'b']);
  t.equal(readFileSync(join(folder, 'hard'), 'utf8'), 'a');
  t.equal(readFileSync(join(folder, 'rooted'), 'utf8'), 'c');
  t.equal(readlinkSync(join(folder, 'upwards')), `${up}etc`);
});

t.test('a hard link into a lower layer is refused by name', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const blob = archive(entry({ name: 'h', type: '1', linkName: 'bin/lower' }));
  await t.rejects(bench.unpack(bench.makeFolder(), blob), {
    kind: 'invalid',
    message: 'Entry "h" is a hard link to "bin/lower", which this layer does not hold',
  });
});

t.test('a later entry replaces an earlier one of any kind', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const kinds: [string, Buffer[], RegExp][] = [
    ['file', [entry({ name: 'x', mode: 0o600 }, 'new')], /^x 100600 /],
    ['folder', [entry({ name: 'x', type: '5' }), entry({ name: 'x/in' })], /^x 40644 /],
    ['link', [entry({ name: 'x', type: '2', linkName: 'to' })], /^x 120777 .* to $/],
    ['hard link', [entry({ name: 'x', type: '1', linkName: 'other' })], /^x 100644 .* =other$/],
    ['fifo', [entry({ name: 'x', type: '6' })], /^x 10644 /],
    ['device', [entry({ name: 'x', type: '3', major: 1, minor: 7 })], /^x 20644 .* 1:7 /],
  ];
  const other = entry({ name: 'other' });
  for (const [firstName, first] of kinds) {
    for (const [secondName, second, expected] of kinds) {
      const folder = bench.makeFolder();
      await bench.unpack(folder, archive(other, ...first, ...second));
      const line = describeTree(folder).find((line) => line.startsWith('x '));
      t.match(line, expected, `${firstName}, then ${secondName}`);
      const has = existsSync(join(folder, 'x/in'));
      t.equal(has, secondName === 'folder', 'what was in a folder goes with it');
    }
  }
});

t.test('a hard link to its own name keeps the file', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const folder = bench.makeFolder();
  const link = entry({ name: 'f', type: '1', linkName: './f' });
  await bench.unpack(folder, archive(entry({ name: 'f' }, 'kept'), link));
  t.equal(readFileSync(join(folder, 'f'), 'utf8'), 'kept');
});

t.test('devices are refused where they are not wanted', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  for (const type of ['3', '4']) {
    const blob = archive(entry({ name: 'dev/x', type, major: 8, minor: 0 }));
    const unpacked = bench.unpack(bench.makeFolder(), blob, { refuseDevices: true });
    await t.rejects(unpacked, { kind: 'invalid', message: /"dev\/x" is a device/ });
  }
  const folder = bench.makeFolder();
  await bench.unpack(folder, archive(entry({ name: '.wh.x' })), { refuseDevices: true });
  t.ok(statSync(join(folder, 'x')).isCharacterDevice(), 'whiteouts are made all the same');
});
