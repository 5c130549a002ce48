import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import {
  OpenFlag,
  getXattr,
  listXattrs,
  openat2,
  removeXattr,
  setXattr,
} from '../../../src/index.ts';
import { scratch } from '../scratch.ts';
import { withoutRoot } from '../skip.ts';

t.test('attributes are set, read, listed and removed by descriptor', async (t) => {
  const { path, fd } = scratch(t);
  writeFileSync(`${path}/file`, '');
  using file = openat2(fd, 'file');
  const value = Buffer.from([0, 1, 255]);
  setXattr(file.fd, { name: 'user.one', value });
  t.same(getXattr(`${path}/file`, 'user.one'), value);
  t.same(listXattrs(file.fd), ['user.one']);
  t.throws(() => setXattr(file.fd, { name: 'user.one', value }, { only: 'create' }), {
    code: 'EEXIST',
    call: 'setxattr',
  });
  removeXattr(file.fd, 'user.one');
  removeXattr(file.fd, 'user.one');
  t.equal(getXattr(file.fd, 'user.one'), undefined);
});

t.test('an O_PATH descriptor reaches the link itself', { skip: withoutRoot }, async (t) => {
  const { path, fd } = scratch(t);
  writeFileSync(`${path}/file`, '');
  symlinkSync('file', `${path}/link`);
  using link = openat2(fd, 'link', { flags: OpenFlag.path | OpenFlag.noFollow });
  setXattr(link.fd, { name: 'trusted.overlay.opaque', value: Buffer.from('y') });
  t.same(listXattrs(`${path}/link`), ['trusted.overlay.opaque']);
  t.same(listXattrs(`${path}/file`), []);
});

t.test('file capabilities round-trip as getcap sees them', { skip: withoutRoot }, async (t) => {
  const { path, fd } = scratch(t);
  writeFileSync(`${path}/program`, '');
  using program = openat2(fd, 'program');
  // struct vfs_cap_data { __le32 magic_etc; struct { __le32 permitted, inheritable; } data[2]; }
  const value = Buffer.alloc(20);
  value.writeUInt32LE(0x02000001, 0);
  value.writeUInt32LE(1 << 13, 4);
  setXattr(program.fd, { name: 'security.capability', value });
  t.match(
    execFileSync('/sbin/getcap', [`${path}/program`], { encoding: 'utf8' }),
    /cap_net_raw=ep/,
  );
});

t.test('names are passed whole or not at all', async (t) => {
  const { path } = scratch(t);
  t.throws(() => getXattr(path, 'user.a\0b'), {
    message: 'Attribute name holds a NUL byte',
  });
  t.throws(() => getXattr(`${path}\0x`, 'user.a'), { code: 'EINVAL' });
  t.throws(() => setXattr(path, { name: 'user.big', value: Buffer.alloc(65_537) }), {
    code: 'E2BIG',
  });
});
