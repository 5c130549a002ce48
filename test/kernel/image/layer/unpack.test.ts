import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { limits } from '../../../../src/base/limits.ts';
import { archive, entry } from '../../../unit/image/layer/tar-block.ts';
import { withoutRoot } from '../../skip.ts';
import { describeTree } from './describe-tree.ts';
import { makeTree } from './make-tree.ts';
import { openBench } from './unpack-bytes.ts';

// Slow disks and busy machines are no failures.
t.setTimeout(300_000);

t.test('what GNU tar packed comes out exactly the same', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const source = bench.makeFolder();
  makeTree(source);
  const expected = describeTree(source);
  const xattrs = ['--xattrs', '--xattrs-include=*'];
  const cases: [string, string[]][] = [
    ['pax', ['--format=pax', ...xattrs]],
    ['pax sparse', ['--format=pax', '-S', ...xattrs]],
    ['sorted by inode', ['--format=pax', '--sort=inode', ...xattrs]],
  ];
  for (const [name, argv] of cases) {
    const tar = execFileSync('tar', ['-C', source, '-c', '--numeric-owner', ...argv, '.'], {
      maxBuffer: 1 << 26,
    });
    for (const blob of [tar, gzipSync(tar), zstdCompressSync(tar)]) {
      const folder = bench.makeFolder();
      const result = await bench.unpack(folder, blob);
      t.same(describeTree(folder), expected, `${name}, ${result.compression}`);
      t.equal(result.diffId, `sha256:${createHash('sha256').update(tar).digest('hex')}`);
      t.equal(result.blobDigest, `sha256:${createHash('sha256').update(blob).digest('hex')}`);
      t.match(result, { compressedBytes: blob.length, archiveBytes: tar.length });
      t.same(result.impliedFolders, []);
    }
  }
  const sparse = bench.makeFolder();
  await bench.unpack(sparse, execFileSync('tar', ['-C', source, '-cS', 'sparse']));
  t.ok(statSync(join(sparse, 'sparse')).blocks < 100, 'holes stay holes');
});

t.test('a real tree comes out as GNU tar unpacks it', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const tree = ['-C', '/usr', 'include', '-C', '/etc', 'ssl', 'alternatives'];
  const tar = execFileSync('tar', ['-c', '--format=gnu', ...tree], { maxBuffer: 1 << 30 });
  const expected = bench.makeFolder();
  execFileSync('tar', ['-C', expected, '-x', '-p', '--numeric-owner'], { input: tar });
  const folder = bench.makeFolder();
  const result = await bench.unpack(folder, gzipSync(tar, { level: 1 }));
  // The root is not in the archive and has the time of now.
  t.same(describeTree(folder).slice(1), describeTree(expected).slice(1));
  t.same(result.impliedFolders, ['']);
  t.ok(result.entries > 1000, `${result.entries} entries`);
});

t.test('more layers than threads are unpacked in turn', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const folders = Array.from({ length: 12 }, () => bench.makeFolder());
  const blob = gzipSync(archive(entry({ name: 'f' }, 'x'.repeat(3_000_000))));
  await Promise.all(folders.map((folder) => bench.unpack(folder, blob)));
  for (const folder of folders) t.same(readdirSync(folder), ['f']);
});

const countThreads = () =>
  readdirSync('/proc/self/task').filter(
    (id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8') === 'unpack\n',
  ).length;

t.test('threads end when there is no work, and start again', { skip: withoutRoot }, async (t) => {
  const bench = openBench(t);
  const blob = archive(entry({ name: 'f' }));
  await bench.unpack(bench.makeFolder(), blob);
  t.equal(countThreads(), 1);
  // Just as the thread ends, so that work may meet one that is on its way out.
  await delay(limits.layerThreadIdleMs - 20);
  for (let round = 0; round < 20; round += 1) {
    await bench.unpack(bench.makeFolder(), blob);
    await delay(3);
  }
  await delay(limits.layerThreadIdleMs + 1500);
  t.equal(countThreads(), 0);
  await bench.unpack(bench.makeFolder(), blob);
  t.equal(countThreads(), 1);
});
