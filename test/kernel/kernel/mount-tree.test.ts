import { mkdirSync, readFileSync, statSync, writeFileSync, readdirSync } from 'node:fs';
import t from 'tap';
import {
  FileSystemContext,
  MountAttribute,
  UnmountFlag,
  createNamespaces,
  currentFolder,
  fchownat,
  findMount,
  moveMount,
  openFolder,
  openTree,
  readMounts,
  setMountAttributes,
  unmount,
} from '../../../src/index.ts';
import { failureOf } from '../failure.ts';
import { scratch } from '../scratch.ts';
import { beforeLinux, withoutRoot } from '../skip.ts';

const mountAt = (path: string) => findMount(readMounts(), path);
const at = (path: string) => ({ at: currentFolder, path });

/** A tmpfs made by the new calls, private and unmounted at the end. */
function mounted(t: Parameters<typeof scratch>[0]): string {
  const { path, fd } = scratch(t);
  using context = FileSystemContext.open('tmpfs');
  context.setString('size', '1m').setString('mode', '700').create();
  using detached = context.mount(MountAttribute.noDev);
  setMountAttributes({ at: detached.fd, path: '' }, { propagation: 'private' });
  moveMount({ at: detached.fd, path: '' }, { at: fd, path: '' });
  t.teardown(() => unmount(path, UnmountFlag.detach));
  return path;
}

t.test('a file system is made and attached by descriptors', { skip: withoutRoot }, async (t) => {
  const path = mounted(t);
  const found = mountAt(path);
  t.match(found, { mountPoint: path, fileSystem: 'tmpfs' });
  t.ok(found?.options.includes('nodev'));
  t.ok(found?.superOptions.includes('size=1024k'));
});

t.test('what the kernel says about a failure is in the error', { skip: withoutRoot }, async (t) => {
  using context = FileSystemContext.open('tmpfs');
  t.match(await failureOf(() => context.setString('nonsense', '1')), {
    call: 'fsconfig',
    code: 'EINVAL',
    path: 'nonsense',
    text: /tmpfs: Unknown parameter 'nonsense'/,
    message: /fsconfig nonsense: EINVAL \(.*Unknown parameter/,
  });
  t.throws(() => context.mount(), { call: 'fsmount', code: 'EINVAL' });
  t.throws(() => FileSystemContext.open('no-such-fs'), { call: 'fsopen', code: 'ENODEV' });
});

t.test('a picked file system is changed in place', { skip: withoutRoot }, async (t) => {
  const path = mounted(t);
  using context = FileSystemContext.pick(currentFolder, path);
  context.setString('size', '2m').reconfigure();
  t.ok(mountAt(path)?.superOptions.includes('size=2048k'));
  context.setFlag('ro').reconfigure();
  t.throws(() => writeFileSync(`${path}/file`, ''), { code: 'EROFS' });
});

t.test(
  'an overlay is mounted with layers appended one by one',
  { skip: beforeLinux(6, 8) },
  async (t) => {
    const path = mounted(t);
    for (const name of ['one', 'two', 'upper', 'work', 'all']) mkdirSync(`${path}/${name}`);
    writeFileSync(`${path}/one/a`, 'one');
    writeFileSync(`${path}/two/a`, 'two');
    writeFileSync(`${path}/two/b`, 'two');
    using context = FileSystemContext.open('overlay');
    context.setString('lowerdir+', `${path}/one`).setString('lowerdir+', `${path}/two`);
    context.setString('upperdir', `${path}/upper`).setString('workdir', `${path}/work`).create();
    using detached = context.mount();
    moveMount({ at: detached.fd, path: '' }, at(`${path}/all`));
    t.same(readdirSync(`${path}/all`), ['a', 'b']);
    t.equal(readFileSync(`${path}/all/a`, 'utf8'), 'one');
    writeFileSync(`${path}/all/c`, 'new');
    t.same(readdirSync(`${path}/upper`), ['c']);
  },
);

t.test('attributes change a whole tree at once', { skip: withoutRoot }, async (t) => {
  const path = mounted(t);
  mkdirSync(`${path}/tree/sub`, { recursive: true });
  mkdirSync(`${path}/copy`);
  using inner = FileSystemContext.open('tmpfs').create().mount();
  moveMount({ at: inner.fd, path: '' }, at(`${path}/tree/sub`));
  using copy = openTree(currentFolder, `${path}/tree`, { clone: true, recursive: true });
  const set = MountAttribute.readOnly | MountAttribute.noAccessTime;
  setMountAttributes({ at: copy.fd, path: '' }, { set, recursive: true });
  moveMount({ at: copy.fd, path: '' }, at(`${path}/copy`));
  for (const folder of [`${path}/copy`, `${path}/copy/sub`]) {
    t.throws(() => writeFileSync(`${folder}/file`, ''), { code: 'EROFS' }, folder);
    t.ok(mountAt(folder)?.options.includes('noatime'));
  }
  writeFileSync(`${path}/tree/sub/file`, 'the original is writable');
  setMountAttributes(at(`${path}/copy/sub`), { clear: MountAttribute.readOnly });
  writeFileSync(`${path}/copy/sub/file`, 'and now the inner one is');
});

t.test('an id-mapped mount turns owners around', { skip: beforeLinux(6, 3) }, async (t) => {
  const path = mounted(t);
  mkdirSync(`${path}/files`);
  mkdirSync(`${path}/shown`);
  writeFileSync(`${path}/files/root`, '');
  writeFileSync(`${path}/files/other`, '');
  using folder = openFolder(`${path}/files`);
  fchownat(folder.fd, 'other', { uid: 70_000, gid: 70_000 });
  const map = [{ containerId: 0, hostId: 100_000, size: 65_536 }];
  const kinds = { user: undefined };
  const { user } = await createNamespaces({ kinds, uidMap: map, gidMap: map });
  if (user === undefined) throw new Error('no user namespace');
  using idMap = user;
  using copy = openTree(currentFolder, `${path}/files`, { clone: true });
  setMountAttributes({ at: copy.fd, path: '' }, { idMap });
  moveMount({ at: copy.fd, path: '' }, at(`${path}/shown`));
  t.match(statSync(`${path}/shown/root`), { uid: 100_000, gid: 100_000 });
  t.equal(statSync(`${path}/shown/other`).uid, 65_534, 'an id outside the map is nobody');
  t.equal(statSync(`${path}/files/root`).uid, 0);
  t.match(await failureOf(() => setMountAttributes(at(`${path}/shown`), { idMap })), {
    call: 'mount_setattr',
  });
});

t.test(
  'a mount that was never attached ends with its descriptor',
  { skip: withoutRoot },
  async (t) => {
    const before = readMounts().length;
    for (let i = 0; i < 100; i++) {
      using context = FileSystemContext.open('tmpfs');
      using detached = context.create().mount();
      t.ok(detached.fd > 2);
    }
    t.ok(readMounts().length <= before + 5, 'other tests mount at the same time');
  },
);

t.test('an attached mount is moved', { skip: withoutRoot }, async (t) => {
  const path = mounted(t);
  mkdirSync(`${path}/here`);
  mkdirSync(`${path}/there`);
  using detached = FileSystemContext.open('tmpfs').create().mount();
  moveMount({ at: detached.fd, path: '' }, at(`${path}/here`));
  writeFileSync(`${path}/here/file`, '');
  moveMount(at(`${path}/here`), at(`${path}/there`));
  t.same([readdirSync(`${path}/here`), readdirSync(`${path}/there`)], [[], ['file']]);
  writeFileSync(`${path}/plain`, '');
  t.throws(() => moveMount(at(`${path}/there`), at(`${path}/plain`)), {
    call: 'move_mount',
    code: 'EINVAL',
  });
});
