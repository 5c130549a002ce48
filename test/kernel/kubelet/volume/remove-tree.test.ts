import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { mkdirat } from '../../../../src/kernel/file.ts';
import {
  mount,
  MountFlag,
  setPropagation,
  unmount,
  UnmountFlag,
} from '../../../../src/kernel/mount.ts';
import { openFolder } from '../../../../src/kernel/open.ts';
import { giveGroup } from '../../../../src/kubelet/volume/tree/give-group.ts';
import { measureTree } from '../../../../src/kubelet/volume/tree/measure-tree.ts';
import { openBeneath } from '../../../../src/kubelet/volume/tree/folder.ts';
import { removeTree } from '../../../../src/kubelet/volume/tree/remove-tree.ts';
import { unmountBeneath } from '../../../../src/kubelet/volume/tree/unmount-beneath.ts';
import { failureOf } from '../../failure.ts';
import { scratch } from '../../scratch.ts';
import { withoutRoot } from '../../skip.ts';

t.setTimeout(300_000);

const skip = { skip: withoutRoot };

/** Folders in one another, deeper than any path. */
function nest(path: string, depth: number): void {
  mkdirSync(path);
  let folder = openFolder(path);
  for (let level = 0; level < depth; level += 1) {
    mkdirat(folder.fd, 'd', 0o755);
    const next = openBeneath(folder.fd, 'd');
    folder.close();
    folder = next;
  }
  folder.close();
}

t.test('a tree is removed, and what its links lead to stays', skip, async (t) => {
  const { path, fd } = scratch(t);
  mkdirSync(join(path, 'kept'));
  writeFileSync(join(path, 'kept/file'), 'x');
  mkdirSync(join(path, 'tree/a/b'), { recursive: true });
  symlinkSync(join(path, 'kept'), join(path, 'tree/a/link'));
  symlinkSync('/', join(path, 'tree/root'));
  for (let file = 0; file < 700; file += 1) writeFileSync(join(path, `tree/a/b/${file}`), '');
  await removeTree(fd, 'tree');
  await removeTree(fd, 'tree');
  t.same(readdirSync(path), ['kept']);
  t.ok(existsSync(join(path, 'kept/file')));
});

t.test('depth bounds neither removal nor its descriptors', skip, async (t) => {
  const { path, fd } = scratch(t);
  nest(join(path, 'deep'), 1100);
  mkdirSync(join(path, 'deep/wide'));
  for (let one = 0; one < 3; one += 1) nest(join(path, `deep/wide/${one}`), 70);
  using deep = openFolder(join(path, 'deep'));
  using listed = openBeneath(deep.fd, '.');
  t.match(await failureOf(() => measureTree(listed.fd)), { kind: 'invalid' });
  await removeTree(fd, 'deep');
  t.same(readdirSync(path), []);
});

t.test('what is mounted is not entered, and unmounting spares what it shows', skip, async (t) => {
  const { path, fd } = scratch(t);
  mkdirSync(join(path, 'source/inner'), { recursive: true });
  mkdirSync(join(path, 'pod/volume/place'), { recursive: true });
  mount({ source: 'none', target: join(path, 'source'), fileSystem: 'tmpfs' });
  setPropagation(join(path, 'source'), 'shared');
  t.teardown(() => {
    unmountBeneath(fd, path, 'pod');
    unmount(join(path, 'source'), UnmountFlag.detach);
  });
  mkdirSync(join(path, 'source/inner'));
  mount({ source: 'none', target: join(path, 'source/inner'), fileSystem: 'tmpfs' });
  writeFileSync(join(path, 'source/inner/file'), 'x');
  const flags = MountFlag.bind | MountFlag.recursive;
  mount({ source: join(path, 'source'), target: join(path, 'pod/volume/place'), flags });
  t.ok(existsSync(join(path, 'pod/volume/place/inner/file')));
  t.match(await failureOf(() => removeTree(fd, 'pod')), { code: 'EXDEV' });
  t.ok(existsSync(join(path, 'source/inner/file')), 'nothing in the mount is touched');
  unmountBeneath(fd, path, 'pod');
  await removeTree(fd, 'pod');
  t.notOk(existsSync(join(path, 'pod')));
  t.ok(existsSync(join(path, 'source/inner/file')), 'its source is mounted as before');
});

t.test('a group gets a tree, and no file that a link leads to', skip, async (t) => {
  const { path } = scratch(t);
  mkdirSync(join(path, 'volume/sub'), { recursive: true, mode: 0o700 });
  writeFileSync(join(path, 'outside'), 'x', { mode: 0o600 });
  writeFileSync(join(path, 'volume/sub/file'), 'x', { mode: 0o600 });
  symlinkSync('../outside', join(path, 'volume/link'));
  using volume = openFolder(join(path, 'volume'));
  using root = openBeneath(volume.fd, '.');
  await giveGroup(root.fd, { gid: 4321, policy: undefined });
  t.match(statSync(join(path, 'volume')), { gid: 4321, mode: 0o042770 });
  t.match(statSync(join(path, 'volume/sub')), { gid: 4321, mode: 0o042770 });
  t.match(statSync(join(path, 'volume/sub/file')), { gid: 4321, mode: 0o100660 });
  t.match(lstatSync(join(path, 'volume/link')), { gid: 4321 });
  t.match(statSync(join(path, 'outside')), { gid: 0, mode: 0o100600 });
  chownSync(join(path, 'volume/sub/file'), 0, 5);
  await giveGroup(root.fd, { gid: 4321, policy: 'OnRootMismatch' });
  t.equal(statSync(join(path, 'volume/sub/file')).gid, 5, 'the root is right: nothing is done');
  await giveGroup(root.fd, { gid: 4322, policy: 'OnRootMismatch' });
  t.equal(statSync(join(path, 'volume/sub/file')).gid, 4322);
});
