import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { isDomainError } from '../../../../src/base/error.ts';
import { toNameText } from '../../../../src/image/layer/tar-entry.ts';
import { collect } from './collect.ts';
import { archive, block, endOfArchive, entry, padded, pax, rawPax } from './tar-block.ts';

const refused = (kind: 'invalid' | 'unsupported', words: RegExp) => (error: unknown) =>
  isDomainError(error, kind) && words.test(error.message);

function throwsLike(t: Test, act: () => unknown, expected: (error: unknown) => boolean): void {
  try {
    act();
    t.fail('nothing was thrown');
  } catch (error) {
    t.ok(expected(error), String(error));
  }
}

t.test('every type of entry is told with its fields', (t) => {
  const found = collect(
    archive(
      entry({ name: 'd/', type: '5', mode: 0o1755 }),
      entry({ name: 'd/f', mode: 0o4711, uid: 7, gid: 8, modified: 12 }, 'hello'),
      entry({ name: 'd/h', type: '1', linkName: 'd/f' }),
      entry({ name: 'd/s', type: '2', linkName: '../../x' }),
      entry({ name: 'd/c', type: '3', major: 1, minor: 3 }),
      entry({ name: 'd/b', type: '4', major: 8, minor: 1 }),
      entry({ name: 'd/p', type: '6' }),
      entry({ name: 'd/7', type: '7' }, 'contiguous'),
      entry({ name: 'old/', type: '\0', magic: '' }),
      entry({ name: 'tail', type: '0', prefix: 'long/prefix' }),
    ),
  );
  t.same(
    found.map(({ entry }) => [entry.name, entry.type, entry.linkName, entry.major, entry.minor]),
    [
      ['d/', 'folder', '', 0, 0],
      ['d/f', 'file', '', 0, 0],
      ['d/h', 'hardLink', 'd/f', 0, 0],
      ['d/s', 'symbolicLink', '../../x', 0, 0],
      ['d/c', 'character', '', 1, 3],
      ['d/b', 'block', '', 8, 1],
      ['d/p', 'fifo', '', 0, 0],
      ['d/7', 'file', '', 0, 0],
      ['old/', 'folder', '', 0, 0],
      ['long/prefix/tail', 'file', '', 0, 0],
    ],
  );
  const file = found[1];
  t.match(file?.entry, { mode: 0o4711, uid: 7, gid: 8, modified: { seconds: 12 }, size: 5 });
  t.equal(file?.content.toString(), 'hello');
  t.equal(file?.offset, 1024);
  t.equal(found[0]?.entry.mode, 0o1755);
  t.end();
});

t.test('pax records replace what the header says', (t) => {
  const long = 'n'.repeat(300);
  const [found] = collect(
    archive(
      pax({
        path: long,
        linkpath: 'ignored for a file',
        uid: '3000000',
        gid: '3000001',
        mtime: '1234567890.123456789',
        comment: 'not ours',
        'SCHILY.xattr.user.a': Buffer.from([0, 1, 10, 61]),
        'LIBARCHIVE.xattr.user.b%3d': Buffer.from('value').toString('base64'),
      }),
      entry({ name: 'short', uid: 1, gid: 1 }, 'x'),
    ),
  );
  t.match(found?.entry, {
    name: long,
    linkName: '',
    uid: 3_000_000,
    gid: 3_000_001,
    modified: { seconds: 1_234_567_890, nanoseconds: 123_456_789 },
  });
  t.same(
    [...(found?.entry.xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value)]),
    [
      ['user.a', Buffer.from([0, 1, 10, 61])],
      ['user.b=', Buffer.from('value')],
    ],
  );
  t.end();
});

t.test('times before 1970 count upwards within their second', (t) => {
  const times = ['-1.25', '-3', '0.5', '7.1234567899'].map(
    (mtime) => collect(archive(pax({ mtime }), entry({ name: 'f' })))[0]?.entry.modified,
  );
  t.same(times, [
    { seconds: -2, nanoseconds: 750_000_000 },
    { seconds: -3, nanoseconds: 0 },
    { seconds: 0, nanoseconds: 500_000_000 },
    { seconds: 7, nanoseconds: 123_456_789 },
  ]);
  t.end();
});

t.test('GNU long names and links are joined to their entry alone', (t) => {
  const long = 'l'.repeat(1500);
  const found = collect(
    archive(
      entry({ name: '././@LongLink', type: 'L', magic: 'ustar  \0' }, `${long}\0`),
      entry({ name: '././@LongLink', type: 'K', magic: 'ustar  \0' }, `${long}/target\0`),
      entry({ name: 'cut', type: '2', linkName: 'cut', magic: 'ustar  \0' }),
      entry({ name: 'next' }),
    ),
  );
  t.match(found[0]?.entry, { name: long, linkName: `${long}/target` });
  t.match(found[1]?.entry, { name: 'next', linkName: '' });
  t.end();
});

t.test('numbers beyond octal are read as base 256', (t) => {
  const size = Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
  const uid = Buffer.from([0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe]);
  const before = Buffer.from([0xff, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0xfe]);
  const raw = [[124, size] as const, [108, uid] as const, [136, before] as const];
  const [found] = collect(archive(block({ name: 'f', raw }), padded(Buffer.from('hello'))));
  t.match(found?.entry, { size: 5, uid: 0xffff_fffe, modified: { seconds: -2, nanoseconds: 0 } });
  t.end();
});

t.test('names keep their bytes when they are no UTF-8', (t) => {
  const [found] = collect(archive(entry({ name: 'a\xff\xc3\xa9' })));
  t.equal(found?.entry.name, 'a\xff\xc3\xa9');
  t.equal(toNameText('\xc3\xa9'), 'é');
  t.end();
});

t.test('an archive may come in parts of any size', (t) => {
  const whole = archive(
    pax({ path: 'p'.repeat(200) }),
    entry({ name: 'x' }, 'c'.repeat(1300)),
    entry({ name: 'y', type: '5' }),
  );
  const expected = collect(whole);
  for (const bytes of [1, 7, 511, 512, 513, 1000]) t.same(collect(whole, bytes), expected);
  t.end();
});

t.test('GNU tar and this reader agree about sparse files of all formats', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-tar-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const content = Buffer.alloc(3_000_000);
  for (let at = 0; at < content.length; at += 300_000) content.write(`part ${at}`, at);
  writeFileSync(join(folder, 'plain'), content);
  execFileSync('cp', ['--sparse=always', 'plain', 'holes'], { cwd: folder });
  symlinkSync('holes', join(folder, 'link'));
  const formats = ['gnu', 'pax --sparse-version=0.0', 'pax --sparse-version=0.1', 'pax'];
  for (const format of formats) {
    const argv = ['-c', '-S', ...`--format=${format}`.split(' '), 'holes', 'link'];
    const tar = execFileSync('tar', argv, { cwd: folder, maxBuffer: 1 << 24 });
    t.ok(tar.length < 500_000, `${format} has holes`);
    for (const bytes of [tar.length, 700]) {
      const [file, link] = collect(tar, bytes);
      t.equal(file?.entry.name, 'holes', format);
      t.equal(file?.entry.size, content.length, format);
      t.ok(file?.content.equals(content), `${format} has the content`);
      t.equal(link?.entry.type, 'symbolicLink', format);
    }
  }
  t.end();
});

t.test('a damaged archive is refused with what is wrong', (t) => {
  const flipped = archive(entry({ name: 'f' }));
  flipped[3] = 65;
  const huge = Buffer.from([0xbf, ...Array.from({ length: 11 }, () => 255)]);
  const negative = Buffer.from([0xff, ...Array.from({ length: 11 }, () => 255)]);
  const cases: [string, Buffer, RegExp][] = [
    ['checksum', flipped, /checksum/],
    ['digits', archive(entry({ name: 'f', raw: [[108, Buffer.from('12x4567\0')]] })), /bad number/],
    ['beyond 2^53', archive(block({ name: 'f', raw: [[124, huge]] })), /bad number/],
    ['negative', archive(block({ name: 'f', raw: [[124, negative]] })), /negative size/],
    ['negative pax', archive(block({ name: 'x', type: 'x', raw: [[124, negative]] })), /extended/],
    ['huge pax', archive(block({ name: 'x', type: 'x', size: 2 ** 21 })), /bound is 1048576/],
    ['huge name', archive(block({ name: 'x', type: 'L', size: 2 ** 30 })), /bound is 1048576/],
    ['pax length', archive(entry({ name: 'x', type: 'x' }, '99 path=a\n')), /malformed pax/],
    ['pax zero', archive(entry({ name: 'x', type: 'x' }, '0 path=a\n')), /malformed pax/],
    ['pax no newline', archive(entry({ name: 'x', type: 'x' }, '9 path=abc')), /malformed pax/],
    ['pax NUL', archive(pax({ path: 'a\0b' }), entry({ name: 'f' })), /NUL/],
    ['pax size', archive(pax({ size: '-1' }), entry({ name: 'f' })), /bad number/],
    ['pax alone', archive(pax({ path: 'a' })), /ends after/],
    ['half header', archive(entry({ name: 'f' })).subarray(0, 300), /ends within/],
    ['half content', entry({ name: 'f' }, 'x'.repeat(600)).subarray(0, 1024), /ends within/],
  ];
  for (const [name, bytes, words] of cases) {
    t.test(name, (t) => {
      throwsLike(t, () => collect(bytes), refused('invalid', words));
      t.end();
    });
  }
  t.end();
});

t.test('entries of unknown kinds are refused by name', (t) => {
  for (const type of ['V', 'M', 'D', 'A', 'Z']) {
    const bytes = archive(entry({ name: 'odd', type }));
    throwsLike(t, () => collect(bytes), refused('unsupported', /"odd".*type/));
  }
  t.end();
});

const sparseMap = (text: string, more: [string, string][] = []) =>
  archive(
    rawPax([['GNU.sparse.map', text], ['GNU.sparse.size', '100'], ...more]),
    entry({ name: 'f' }, 'x'.repeat(20)),
  );
const sparseText = (content: string) =>
  archive(
    pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '100' }),
    entry({ name: 'f' }, padded(Buffer.from(content))),
  );

t.test('sparse maps are bounded and cannot reach beyond their file', (t) => {
  const extended = block({ name: 'f', type: 'S', raw: [[482, Buffer.from([1])]] });
  const more = Buffer.alloc(512 * 4000);
  for (let at = 504; at < more.length; at += 512) more[at] = 1;
  const cases: [string, Buffer][] = [
    ['overlap', sparseMap('0,10,5,10')],
    ['odd', sparseMap('0,10,20')],
    ['beyond', sparseMap('90,20')],
    ['more than stored', sparseMap('0,90')],
    ['no number', sparseMap('0,x')],
    ['empty map', sparseMap('')],
    ['overflow', sparseMap('9007199254740991,9007199254740991')],
    ['count', sparseText('99999999\n')],
    ['text ends', sparseText('3\n0\n1\n')],
    ['text negative', sparseText('1\n-5\n10\n')],
    ['order', archive(rawPax([['GNU.sparse.numbytes', '1']]), entry({ name: 'f' }, 'x'))],
    ['endless old map', archive(Buffer.concat([extended, more]))],
  ];
  for (const [name, bytes] of cases) {
    t.test(name, (t) => {
      throwsLike(t, () => collect(bytes), refused('invalid', /"f"/));
      t.end();
    });
  }
  t.end();
});

t.test('an archive may end without its zero blocks, and go on behind them', (t) => {
  t.equal(collect(entry({ name: 'f' }, 'x')).length, 1);
  t.equal(collect(Buffer.alloc(0)).length, 0);
  const behind = Buffer.concat([entry({ name: 'f' }), endOfArchive, Buffer.from('garbage')]);
  t.equal(collect(behind).length, 1);
  t.end();
});
