import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import t from 'tap';
import { fchmodat, mknodat } from '../../../../src/kernel/file.ts';
import { currentFolder } from '../../../../src/kernel/open.ts';
import { setXattr } from '../../../../src/kernel/xattr.ts';
import { archive, entry } from '../../../unit/image/layer/tar-block.ts';
import { withoutRoot } from '../../skip.ts';
import { describeTree } from './describe-tree.ts';
import { openBench } from './unpack-bytes.ts';

const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');

/** One of each thing that a layer can hold. */
function makeTree(root: string): void {
  const at = (name: string) => join(root, name);
  mkdirSync(at('folder/deep/deeper'), { recursive: true });
  writeFileSync(at('folder/plain'), 'plain');
  writeFileSync(at('folder/setuid'), 'setuid');
  chownSync(at('folder/setuid'), 1234, 70_000);
  fchmodat(currentFolder, at('folder/setuid'), 0o6751);
  fchmodat(currentFolder, at('folder/deep'), 0o1777);
  linkSync(at('folder/plain'), at('folder/second'));
  symlinkSync('../../outside', at('folder/link'));
  linkSync(at('folder/link'), at('folder/link-again'));
  lutimesSync(at('folder/link'), 100, 200);
  mknodat(currentFolder, at('null'), { mode: 0o020666, major: 1, minor: 3 });
  mknodat(currentFolder, at('disk'), { mode: 0o060660, major: 259, minor: 300_000 });
  mknodat(currentFolder, at('pipe'), { mode: 0o010604 });
  writeFileSync(at('capable'), 'x');
  setXattr(at('capable'), { name: 'security.capability', value: capability });
  setXattr(at('capable'), { name: 'user.note', value: Buffer.from([0, 10, 61]) });
  setXattr(at('folder/deep'), { name: 'user.folder', value: Buffer.from('yes') });
  writeFileSync(Buffer.from(`${root}/no-utf8-\xff\xfe`, 'latin1'), 'bytes');
  writeFileSync(at('ünïcode'), 'text');
  const long = Array.from({ length: 20 }, (_, index) => `${index}-${'n'.repeat(90)}`).join('/');
  mkdirSync(at(long), { recursive: true });
  writeFileSync(at(`${long}/file`), 'deep down');
  symlinkSync('t'.repeat(3000), at('long-link'));
  execFileSync('truncate', ['-s', '5000000', at('sparse')]);
  execFileSync('dd', ['of=' + at('sparse'), 'conv=notrunc', 'seek=5000', 'count=1', 'if=/bin/ls'], {
    stdio: 'ignore',
  });
  writeFileSync(at('empty'), '');
  utimesSync(at('folder/deep'), 1_000_000_000.25, 1_000_000_000.25);
  utimesSync(at('folder'), 5, 5);
}

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
  const tar = execFileSync('tar', ['-C', '/usr/share', '-c', '--format=gnu', 'perl', 'zoneinfo'], {
    maxBuffer: 1 << 30,
  });
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
