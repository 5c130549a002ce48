import t from 'tap';
import { resolveUser } from '../../../src/container/user.ts';

const invalid = { name: 'DomainError', kind: 'invalid' };

const files: Readonly<Record<string, string>> = {
  'etc/passwd':
    'root:x:0:0:root:/root:/bin/sh\n# comment\nbroken\n1000:x:77:77::/:\n' +
    'web:x:33:34::/:/bin/sh\nhuge:x:4294967295:0::/:\nwrap:x:4294967296:0::/:\nweb:x:0:0::/:\n',
  'etc/group':
    'root:x:0:\nweb:x:34:\nextra:x:50:other,web\nmore:x:51:web\nbad:x:-1:web\nbad2:x:x:web\n',
};
const read = (path: string) => files[path];

t.test('a name is looked up, with the groups that list it; the first entry holds', async (t) => {
  t.same(resolveUser(read, 'web'), { uid: 33, gid: 34, additionalGids: [50, 51] });
});

t.test('a number need not be listed; where it is, its group comes along', async (t) => {
  t.same(resolveUser(read, '4711'), { uid: 4711, gid: 0 });
  t.same(resolveUser(read, '33'), { uid: 33, gid: 34, additionalGids: [50, 51] });
});

t.test('a group that is given is the only one', async (t) => {
  t.same(resolveUser(read, 'web:extra'), { uid: 33, gid: 50 });
  t.same(resolveUser(read, '33:7'), { uid: 33, gid: 7 });
  t.same(resolveUser(read, ''), { uid: 0, gid: 0 });
});

t.test('what looks like a number is never a name', async (t) => {
  t.same(resolveUser(read, '1000'), { uid: 1000, gid: 0 }, 'though a user is called so');
  for (const text of ['4294967295', '4294967296', '99999999999', '-1', '+1', '1.5', '0 ']) {
    t.throws(() => resolveUser(read, text), invalid, text);
    t.throws(() => resolveUser(read, `web:${text}`), invalid, text);
  }
});

t.test('a broken entry makes nobody root', async (t) => {
  for (const name of ['huge', 'wrap', 'broken', 'nobody', 'a:b:c', 'a\nb', '../x', '$(id)']) {
    t.throws(() => resolveUser(read, name), invalid, name);
  }
  t.throws(() => resolveUser(read, 'web:bad'), invalid);
  t.throws(() => resolveUser(() => undefined, 'web'), invalid, 'an image without files');
});
