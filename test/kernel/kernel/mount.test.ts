import {
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import {
  MountFlag,
  UnmountFlag,
  findMount,
  mount,
  readMounts,
  setPropagation,
  unmount,
} from '../../../src/index.ts';
import { scratch } from '../scratch.ts';
import { withoutRoot } from '../skip.ts';
import { inWorker } from './in-worker.ts';

type Test = Parameters<typeof scratch>[0];

/** A tmpfs of its own, unmounted at the end. */
function mounted(t: Test): string {
  const { path } = scratch(t);
  mount({ source: 'keelson-test', target: path, fileSystem: 'tmpfs', data: 'size=1m,mode=700' });
  // Registered after scratch's own undo, so that it runs before it.
  t.teardown(() => unmount(path, UnmountFlag.detach));
  setPropagation(path, 'private');
  return path;
}

const mountAt = (path: string) => findMount(readMounts(), path);

t.test('a mount shows with its options until it is unmounted', { skip: withoutRoot }, async (t) => {
  const path = mounted(t);
  const folder = `${path}/a b\\c`;
  mkdirSync(folder);
  const flags = MountFlag.noSuid | MountFlag.noExec | MountFlag.relativeAccessTime;
  mount({ source: 'so urce', target: folder, fileSystem: 'tmpfs', flags, data: 'size=64k' });
  const found = mountAt(folder);
  t.match(found, { mountPoint: folder, source: 'so urce', fileSystem: 'tmpfs', root: '/' });
  t.same(found?.options, ['rw', 'nosuid', 'noexec', 'relatime']);
  t.ok(found?.superOptions.includes('size=64k'));
  t.equal(found?.parentId, mountAt(path)?.id);
  unmount(folder);
  t.equal(mountAt(folder)?.mountPoint, path);
  t.throws(() => unmount(folder), { call: 'umount2', code: 'EINVAL', path: folder });
});

t.test('a bind mount is made read-only by a remount', { skip: withoutRoot }, async (t) => {
  const path = mounted(t);
  mkdirSync(`${path}/from`);
  mkdirSync(`${path}/to`);
  writeFileSync(`${path}/from/file`, 'seen');
  mount({ source: `${path}/from`, target: `${path}/to`, flags: MountFlag.bind });
  t.equal(readFileSync(`${path}/to/file`, 'utf8'), 'seen');
  const flags = MountFlag.bind | MountFlag.remount | MountFlag.readOnly;
  mount({ target: `${path}/to`, flags });
  t.throws(() => writeFileSync(`${path}/to/file`, ''), { code: 'EROFS' });
  writeFileSync(`${path}/from/file`, 'changed');
  t.equal(mountAt(`${path}/to`)?.root, '/from');
});

t.test('a link as target is not unmounted through', { skip: withoutRoot }, async (t) => {
  const path = mounted(t);
  symlinkSync(path, `${path}/link`);
  t.throws(() => unmount(`${path}/link`), { code: 'EINVAL' });
  t.ok(statSync(path).isDirectory());
});

t.test('propagation is set, of one mount or all beneath', { skip: withoutRoot }, async (t) => {
  const path = mounted(t);
  mkdirSync(`${path}/below`);
  mount({ source: 'x', target: `${path}/below`, fileSystem: 'tmpfs' });
  setPropagation(path, 'shared');
  t.ok(mountAt(path)?.shared);
  t.notOk(mountAt(`${path}/below`)?.shared);
  setPropagation(path, 'shared', { recursive: true });
  t.ok(mountAt(`${path}/below`)?.shared);
  setPropagation(path, 'unbindable', { recursive: true });
  t.match(mountAt(`${path}/below`), { unbindable: true });
  setPropagation(path, 'private', { recursive: true });
});

t.test('errors name the call and the target', { skip: withoutRoot }, async (t) => {
  const { path } = scratch(t);
  const attempt = (fileSystem: string, target = path) => mount({ source: 'x', target, fileSystem });
  t.throws(() => attempt('no-such-fs'), { call: 'mount', code: 'ENODEV', path });
  t.throws(() => attempt('tmpfs', `${path}/missing`), { code: 'ENOENT' });
  t.throws(() => attempt('tmpfs', `${path}\0/etc`), { code: 'EINVAL' });
});

t.test('pivotRoot changes the root of a namespace of its own', { skip: withoutRoot }, async (t) => {
  const { path } = scratch(t);
  mkdirSync(`${path}/root`);
  const seen = await inWorker(`(k) => {
    const fs = require('node:fs');
    k.unshare(k.CloneFlag.mnt);
    k.setPropagation('/', 'private', { recursive: true });
    const root = ${JSON.stringify(`${path}/root`)};
    k.mount({ source: 'root', target: root, fileSystem: 'tmpfs' });
    fs.mkdirSync(root + '/old');
    fs.writeFileSync(root + '/inside', '');
    k.pivotRoot(root, root + '/old');
    const before = fs.existsSync('/old/etc');
    k.unmount('/old', k.UnmountFlag.detach);
    return [before, fs.readdirSync('/').sort(), fs.readdirSync('/old')];
  }`);
  t.same(seen, [true, ['inside', 'old'], []]);
  t.same(readdirSync(`${path}/root`), []);
});
