import t from 'tap';
import { formatTarHeader, tarEnd, tarPadding } from '../../../../src/image/layer/tar-format.ts';
import type { TarEntry } from '../../../../src/image/layer/tar-entry.ts';
import { collect } from './collect.ts';

const plain: TarEntry = {
  name: 'folder/file',
  type: 'file',
  linkName: '',
  mode: 0o4755,
  uid: 1000,
  gid: 1001,
  modified: { seconds: 1_700_000_000, nanoseconds: 0 },
  size: 3,
  major: 0,
  minor: 0,
  xattrs: new Map(),
};

function roundTrip(entry: TarEntry): TarEntry | undefined {
  const parts = [formatTarHeader(entry), Buffer.from('abc'), tarPadding(3), tarEnd];
  if (entry.type !== 'file') parts.splice(1, 2);
  return collect(Buffer.concat(parts))[0]?.entry;
}

t.test('what fits takes one block', (t) => {
  t.equal(formatTarHeader(plain).length, 512);
  t.same(roundTrip(plain), plain);
  t.end();
});

t.test('what does not fit goes into a pax header and comes back', (t) => {
  const cases: [string, Partial<TarEntry>][] = [
    ['a long name', { name: 'n'.repeat(101) }],
    ['a name of the greatest length', { name: `${'d'.repeat(255)}/`.repeat(15) + 'f' }],
    ['a name in UTF-8', { name: Buffer.from('fährte').toString('latin1') }],
    ['a name of any bytes', { name: 'a\xff\x01\n=9 b' }],
    ['a long link', { type: 'symbolicLink', linkName: 't'.repeat(4000), size: 0 }],
    ['great owners', { uid: 0xffff_fffe, gid: 2_097_152 }],
    ['nanoseconds', { modified: { seconds: 1, nanoseconds: 1 } }],
    ['a time before 1970', { modified: { seconds: -2, nanoseconds: 750_000_000 } }],
    ['a whole second before 1970', { modified: { seconds: -7, nanoseconds: 0 } }],
    ['a late time', { modified: { seconds: 8_589_934_592, nanoseconds: 0 } }],
    ['attributes', { xattrs: new Map([['user.x', Buffer.from([0, 10, 61, 255])]]) }],
    ['an empty attribute', { xattrs: new Map([['user.x', Buffer.alloc(0)]]) }],
  ];
  for (const [name, fields] of cases) {
    const entry = { ...plain, ...fields };
    t.ok(formatTarHeader(entry).length > 512, name);
    t.same(roundTrip(entry), entry, name);
  }
  t.end();
});

t.test('the length of a record counts its own digits', (t) => {
  for (let length = 80; length < 120; length += 1) {
    const entry = { ...plain, xattrs: new Map([['user.x', Buffer.alloc(length, 1)]]) };
    t.same(roundTrip(entry), entry, `${length} bytes`);
  }
  t.end();
});

t.test('a size beyond 8 GiB is kept', (t) => {
  const header = formatTarHeader({ ...plain, size: 10_000_000_000 });
  t.match(header.toString('latin1'), /size=10000000000\n/);
  t.end();
});

t.test('padding fills whole blocks', (t) => {
  t.same(
    [0, 1, 511, 512, 513].map((size) => tarPadding(size).length),
    [0, 511, 1, 0, 511],
  );
  t.end();
});
