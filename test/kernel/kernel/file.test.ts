import {
  lstatSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import {
  FileType,
  RenameFlag,
  fchmodat,
  fchownat,
  flock,
  fstat,
  isSymbolicLink,
  linkat,
  mkdirat,
  mknodat,
  openFolder,
  openat2,
  OpenFlag,
  readlinkat,
  renameat2,
  rmdirat,
  statx,
  symlinkat,
  unlinkat,
  utimensat,
} from '../../../src/index.ts';
import { scratch } from '../scratch.ts';
import { withoutRoot } from '../skip.ts';

t.test('folders and names are made and removed', async (t) => {
  const { path, fd } = scratch(t);
  mkdirat(fd, 'folder', 0o700);
  symlinkat('folder', { at: fd, path: 'link' });
  mknodat(fd, 'fifo', { mode: FileType.fifo | 0o600 });
  linkat({ at: fd, path: 'link' }, { at: fd, path: 'second' });
  t.same(readdirSync(path).toSorted(), ['fifo', 'folder', 'link', 'second']);
  t.ok(lstatSync(`${path}/second`).isSymbolicLink(), 'the link itself has the second name');
  t.throws(() => rmdirat(fd, 'link'), { code: 'ENOTDIR' });
  t.throws(() => unlinkat(fd, 'folder'), { code: 'EISDIR' });
  for (const name of ['fifo', 'link', 'second']) unlinkat(fd, name);
  rmdirat(fd, 'folder');
  t.same(readdirSync(path), []);
});

t.test('a device is made with its numbers', { skip: withoutRoot }, async (t) => {
  const { fd } = scratch(t);
  mknodat(fd, 'null', { mode: FileType.characterDevice | 0o600, major: 1, minor: 3 });
  t.match(statx(fd, 'null'), { represents: { major: 1, minor: 3 } });
});

t.test('statx agrees with Node, and does not follow a link', async (t) => {
  const { path, fd } = scratch(t);
  writeFileSync(`${path}/file`, 'x'.repeat(5000));
  symlinkSync('file', `${path}/link`);
  const ours = statx(fd, 'file');
  const theirs = statSync(`${path}/file`, { bigint: true });
  t.equal(ours.inode, theirs.ino);
  t.equal(ours.sizeBytes, Number(theirs.size));
  t.equal(ours.mode, Number(theirs.mode));
  t.equal(ours.links, Number(theirs.nlink));
  const modifiedNs =
    BigInt(ours.modified.seconds) * 1_000_000_000n + BigInt(ours.modified.nanoseconds);
  t.equal(modifiedNs, theirs.mtimeNs);
  t.ok(isSymbolicLink(statx(fd, 'link')));
  t.equal(fstat(fd).inode, statSync(path, { bigint: true }).ino);
});

t.test('chmod sets all bits and refuses a link', async (t) => {
  const { path, fd } = scratch(t);
  writeFileSync(`${path}/file`, '');
  symlinkSync('file', `${path}/link`);
  fchmodat(fd, 'file', 0o4751);
  t.equal(statSync(`${path}/file`).mode & 0o7777, 0o4751);
  using pinned = openat2(fd, 'file', { flags: OpenFlag.path });
  fchmodat(pinned.fd, '', 0o640);
  t.equal(statSync(`${path}/file`).mode & 0o7777, 0o640);
  t.throws(() => fchmodat(fd, 'link', 0o777), { code: 'EOPNOTSUPP' });
});

t.test('chown changes what is given and the link itself', { skip: withoutRoot }, async (t) => {
  const { path, fd } = scratch(t);
  writeFileSync(`${path}/file`, '');
  symlinkSync('file', `${path}/link`);
  fchownat(fd, 'link', { uid: 4_000_000_000, gid: 7 });
  t.match(lstatSync(`${path}/link`), { uid: 4_000_000_000, gid: 7 });
  t.match(statSync(`${path}/file`), { uid: 0, gid: 0 });
  using pinned = openat2(fd, 'file', { flags: OpenFlag.path });
  fchownat(pinned.fd, '', { gid: 9 });
  t.match(statSync(`${path}/file`), { uid: 0, gid: 9 });
});

t.test('times keep nanoseconds, years before 1970 and after 2038', async (t) => {
  const { path, fd } = scratch(t);
  writeFileSync(`${path}/file`, '');
  utimensat(fd, 'file', { modified: { seconds: -86_400, nanoseconds: 5 } });
  t.same(statx(fd, 'file').modified, { seconds: -86_400, nanoseconds: 5 });
  using pinned = openat2(fd, 'file', { flags: OpenFlag.path });
  utimensat(pinned.fd, '', { modified: { seconds: 8_589_934_592, nanoseconds: 999_999_999 } });
  t.same(statx(fd, 'file').modified, { seconds: 8_589_934_592, nanoseconds: 999_999_999 });
});

t.test('rename can refuse to replace, and can swap', async (t) => {
  const { path, fd } = scratch(t);
  symlinkSync('one', `${path}/a`);
  symlinkSync('two', `${path}/b`);
  const [a, b] = [
    { at: fd, path: 'a' },
    { at: fd, path: 'b' },
  ] as const;
  t.throws(() => renameat2(a, b, RenameFlag.noReplace), { code: 'EEXIST', path: 'a to b' });
  renameat2(a, b, RenameFlag.exchange);
  t.equal(readlinkSync(`${path}/a`), 'two');
});

t.test('readlink gives bytes, also for a link held open', async (t) => {
  const { fd } = scratch(t);
  const target = Buffer.from([0x61, 0xff]);
  symlinkat(target, { at: fd, path: 'link' });
  t.same(readlinkat(fd, 'link'), target);
  using pinned = openat2(fd, 'link', { flags: OpenFlag.path | OpenFlag.noFollow });
  t.same(readlinkat(pinned.fd, ''), target);
});

t.test('an exclusive lock keeps others out until it is closed', async (t) => {
  const { path } = scratch(t);
  const first = openFolder(path);
  using reading = openat2(-100, path);
  using other = openat2(-100, path);
  flock(reading.fd, 'exclusive');
  t.throws(() => flock(other.fd, 'shared'), { code: 'EAGAIN', call: 'flock' });
  reading.close();
  flock(other.fd, 'exclusive');
  t.throws(() => flock(first.fd, 'shared'), { code: 'EBADF' }, 'O_PATH cannot be locked');
  first.close();
});
