import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import {
  Descriptor,
  KernelError,
  OpenFlag,
  ResolveFlag,
  openFolder,
  openInRoot,
  openat2,
} from '../../../src/index.ts';
import { scratch } from '../scratch.ts';

t.test('beneath refuses every way out of the folder', async (t) => {
  const { path, fd } = scratch(t);
  symlinkSync('/etc/passwd', `${path}/absolute`);
  symlinkSync('../../../../../../etc/passwd', `${path}/relative`);
  const how = { resolve: ResolveFlag.beneath };
  for (const way of ['absolute', 'relative', '../x', '/etc/passwd']) {
    t.throws(() => openat2(fd, way, how), { call: 'openat2', code: 'EXDEV', path: way });
  }
});

t.test('inside a root, links and .. end at the root', async (t) => {
  const { path, fd } = scratch(t);
  mkdirSync(`${path}/etc`);
  writeFileSync(`${path}/etc/passwd`, 'ours');
  symlinkSync('/../../etc/passwd', `${path}/link`);
  using file = openInRoot(fd, 'link');
  t.equal(readFileSync(file.fd, 'utf8'), 'ours');
});

t.test('inside a root, links of /proc are refused', async (t) => {
  using proc = openFolder('/proc');
  t.throws(() => openInRoot(proc.fd, 'self/root'), { code: 'ELOOP' });
});

t.test('noSymlinks refuses a link anywhere in the path', async (t) => {
  const { path, fd } = scratch(t);
  mkdirSync(`${path}/real`);
  writeFileSync(`${path}/real/file`, '');
  symlinkSync('real', `${path}/link`);
  const how = { resolve: ResolveFlag.noSymlinks };
  openat2(fd, 'real/file', how).close();
  t.throws(() => openat2(fd, 'link/file', how), { code: 'ELOOP' });
});

t.test('a path with a NUL byte is refused whole', async (t) => {
  const { path, fd } = scratch(t);
  writeFileSync(`${path}/a`, '');
  t.throws(() => openat2(fd, 'a\0b'), { code: 'EINVAL' });
  t.throws(() => openat2(fd, Buffer.from('a\0b')), { code: 'EINVAL' });
});

t.test('names that are no UTF-8 can be made and opened', async (t) => {
  const { path, fd } = scratch(t);
  const name = Buffer.from([0x66, 0xff, 0xfe]);
  const flags = OpenFlag.create | OpenFlag.exclusive | OpenFlag.writeOnly;
  openat2(fd, name, { flags, mode: 0o600 }).close();
  t.ok(readFileSync(Buffer.concat([Buffer.from(`${path}/`), name])));
});

t.test('every descriptor is closed at exec', async (t) => {
  using folder = openFolder('/');
  using second = folder.duplicate();
  for (const { fd } of [folder, second]) {
    const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    t.ok(Number.parseInt(flags ?? '', 8) & 0o2000000, 'O_CLOEXEC');
  }
});

t.test('a descriptor closes once and refuses use afterwards', async (t) => {
  const folder = openFolder('/');
  folder.close();
  folder.close();
  t.ok(folder.closed);
  t.throws(() => folder.fd, { message: 'Descriptor is closed' });
  t.throws(() => new Descriptor(1_000_000).close(), { code: 'EBADF', call: 'close' });
});

t.test('errors are KernelError with call, errno and path', async (t) => {
  t.throws(() => openat2(-100, '/nowhere/at/all'), KernelError);
  t.throws(() => openat2(-100, '/nowhere/at/all'), {
    message: 'openat2 /nowhere/at/all: ENOENT',
    errno: 2,
  });
});
