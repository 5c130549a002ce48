import t from 'tap';
import { findMount, parseMountinfo } from '../../../src/index.ts';

t.test('a line has all fields of the manual page', async (t) => {
  const line = '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n';
  t.same(parseMountinfo(line), [
    {
      id: 36,
      parentId: 35,
      device: '98:0',
      root: '/mnt1',
      mountPoint: '/mnt2',
      options: ['rw', 'noatime'],
      master: 1,
      unbindable: false,
      fileSystem: 'ext3',
      source: '/dev/root',
      superOptions: ['rw', 'errors=continue'],
    },
  ]);
});

t.test('optional fields may be absent, several, or unknown', async (t) => {
  const [none] = parseMountinfo('1 2 0:3 / / rw - tmpfs none rw');
  t.match(none, { unbindable: false, fileSystem: 'tmpfs' });
  t.notOk(none && 'shared' in none);
  const [all] = parseMountinfo(
    '1 2 0:3 / /a rw shared:7 master:8 propagate_from:9 unbindable new:1 - tmpfs none rw',
  );
  t.match(all, { shared: 7, master: 8, propagateFrom: 9, unbindable: true });
});

t.test('octal escapes are undone, once', async (t) => {
  const [mount] = parseMountinfo(
    String.raw`1 2 0:3 /a\040b /x\011y\012z\134040 rw - overlay over\040lay lowerdir=/l\0541`,
  );
  t.equal(mount?.root, '/a b');
  t.equal(mount?.mountPoint, '/x\ty\nz\\040', 'an escaped backslash starts no escape');
  t.equal(mount?.source, 'over lay');
});

t.test('an empty source and a root named "-" do not shift the fields', async (t) => {
  const [mount] = parseMountinfo('1 2 0:3 - /a rw shared:1 - tmpfs  rw,size=1k');
  t.match(mount, { root: '-', source: '', fileSystem: 'tmpfs', superOptions: ['rw', 'size=1k'] });
});

t.test('what is no line of mountinfo is refused', async (t) => {
  for (const line of ['x', '1 2 0:3 / / rw tmpfs none rw', 'a 2 0:3 / / rw - tmpfs none rw']) {
    t.throws(() => parseMountinfo(line), { message: `"${line}" is no line of mountinfo` });
  }
  t.throws(() => parseMountinfo('1 2 0:3 / / rw shared:x - tmpfs none rw'));
});

t.test('the mount of a path is the deepest, and of those the topmost', async (t) => {
  const mounts = parseMountinfo(
    [
      '1 0 0:1 / / rw - ext4 root rw',
      '2 1 0:2 / /a rw - tmpfs first rw',
      '3 1 0:3 / /a/b rw - tmpfs deep rw',
      '4 1 0:4 / /a rw - tmpfs second rw',
    ].join('\n'),
  );
  const sourceOf = (path: string) => findMount(mounts, path)?.source;
  t.equal(sourceOf('/a/b/c'), 'deep');
  t.equal(sourceOf('/a/bc'), 'second');
  t.equal(sourceOf('/ab'), 'root');
  t.equal(sourceOf('/'), 'root');
  t.equal(findMount([], '/a'), undefined);
});
