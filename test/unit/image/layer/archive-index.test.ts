import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ArchiveIndex } from '../../../../src/image/layer/archive-index.ts';
import { archive, entry, pax } from './tar-block.ts';

const folder = mkdtempSync(join(tmpdir(), 'keelson-index-'));
t.teardown(() => rmSync(folder, { recursive: true }));

function write(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

t.test('files are found by name and read in any order', async (t) => {
  const long = 'long/'.repeat(50) + 'name';
  const path = write(
    'any-order.tar',
    archive(
      entry({ name: './blobs/', type: '5' }),
      entry({ name: './blobs/one' }, 'x'.repeat(700_000)),
      pax({ path: long }),
      entry({ name: 'cut' }, 'second'),
      entry({ name: 'empty' }),
      entry({ name: 'manifest.json' }, '[]'),
    ),
  );
  await using index = await ArchiveIndex.open(path);
  t.same(index.names, ['blobs', 'blobs/one', long, 'empty', 'manifest.json']);
  t.equal((await index.read('manifest.json', 10)).toString(), '[]');
  t.equal((await index.read(long, 10)).toString(), 'second');
  t.equal((await index.read('blobs/one', 1_000_000)).length, 700_000);
  t.equal((await index.read('/empty', 0)).length, 0);
  t.equal(index.find('blobs'), undefined, 'a folder is no file');
  await t.rejects(index.read('blobs/one', 1000), { kind: 'invalid', message: /bound is 1000/ });
  await t.rejects(index.read('none', 1000), { kind: 'notFound', message: /"none"/ });
});

t.test('links lead within the archive, never out of it, and end', async (t) => {
  const path = write(
    'links.tar',
    archive(
      entry({ name: 'a/layer.tar' }, 'content'),
      entry({ name: 'b/layer.tar', type: '2', linkName: '../a/layer.tar' }),
      entry({ name: 'c/layer.tar', type: '1', linkName: 'b/layer.tar' }),
      entry({ name: 'loop', type: '2', linkName: 'loop' }),
      entry({ name: 'out', type: '2', linkName: '../../../../etc/passwd' }),
      entry({ name: 'absolute', type: '2', linkName: '/etc/passwd' }),
    ),
  );
  await using index = await ArchiveIndex.open(path);
  t.equal((await index.read('b/layer.tar', 100)).toString(), 'content');
  t.equal((await index.read('c/layer.tar', 100)).toString(), 'content');
  for (const name of ['loop', 'out', 'absolute']) t.equal(index.find(name), undefined, name);
});

t.test('bad archives are refused', async (t) => {
  const cases: [string, Buffer, RegExp][] = [
    ['text', Buffer.from('no archive at all'.repeat(100)), /checksum|bad number/],
    ['cut', archive(entry({ name: 'f' }, 'x'.repeat(3000))).subarray(0, 2000), /ends within/],
    ['dots', archive(entry({ name: 'a/../../b' })), /"\.\."/],
  ];
  for (const [name, bytes, message] of cases) {
    await t.rejects(ArchiveIndex.open(write(name, bytes)), { kind: 'invalid', message }, name);
  }
  const sparse = archive(
    pax({ 'GNU.sparse.map': '0,1', 'GNU.sparse.size': '9' }),
    entry({ name: 's' }, 'x'),
  );
  await t.rejects(ArchiveIndex.open(write('sparse', sparse)), {
    kind: 'unsupported',
    message: /sparse/,
  });
});

t.test('an archive that is cut while it is read gives an error', async (t) => {
  const path = write('shrinks.tar', archive(entry({ name: 'f' }, 'x'.repeat(5000))));
  await using index = await ArchiveIndex.open(path);
  truncateSync(path, 2000);
  await t.rejects(index.read('f', 10_000), { kind: 'invalid', message: /ends within/ });
});
