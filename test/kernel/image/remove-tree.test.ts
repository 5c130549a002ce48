import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { removeTree } from '../../../src/image/store/remove-tree.ts';
import { mount, MountFlag, unmount, UnmountFlag } from '../../../src/kernel/mount.ts';
import { failureOf } from '../failure.ts';
import { scratch } from '../scratch.ts';
import { withoutRoot } from '../skip.ts';

const skip = { skip: withoutRoot };

t.test('a tree goes, what its links lead to stays, and nothing is a success too', async (t) => {
  const { path } = scratch(t);
  mkdirSync(join(path, 'kept'));
  writeFileSync(join(path, 'kept/file'), 'x');
  mkdirSync(join(path, 'tree/a/b'), { recursive: true });
  symlinkSync(join(path, 'kept'), join(path, 'tree/a/link'));
  for (let file = 0; file < 700; file += 1) writeFileSync(join(path, `tree/a/b/${file}`), '');
  await removeTree(join(path, 'tree'));
  await removeTree(join(path, 'tree'));
  symlinkSync(join(path, 'kept'), join(path, 'link'));
  await removeTree(join(path, 'link'));
  t.same(readdirSync(path), ['kept']);
  t.ok(existsSync(join(path, 'kept/file')));
});

t.test('depth bounds neither removal nor its descriptors', async (t) => {
  const { path } = scratch(t);
  const nest = 'for (1..$ARGV[0]) { mkdir "d"; chdir "d" } mkdir $_ for ("x".."z")';
  for (const folder of ['tree', 'tree/moved-up-0', 'tree/wide']) {
    mkdirSync(join(path, folder));
    execFileSync('perl', ['-e', nest, '3000'], { cwd: join(path, folder) });
  }
  const before = readdirSync('/proc/self/fd').length;
  await removeTree(join(path, 'tree'));
  t.same(readdirSync(path), []);
  t.equal(readdirSync('/proc/self/fd').length, before, 'no descriptor is left');
});

t.test('what is mounted is not entered', skip, async (t) => {
  const { path } = scratch(t);
  mkdirSync(join(path, 'kept'));
  writeFileSync(join(path, 'kept/file'), 'x');
  mkdirSync(join(path, 'tree/mounted'), { recursive: true });
  const place = join(path, 'tree/mounted');
  mount({ source: join(path, 'kept'), target: place, flags: MountFlag.bind });
  t.match(await failureOf(() => removeTree(join(path, 'tree'))), { code: 'EBUSY' });
  t.same(readdirSync(join(path, 'kept')), ['file']);
  unmount(place, UnmountFlag.detach);
  await removeTree(join(path, 'tree'));
  t.notOk(existsSync(join(path, 'tree')), 'a failure keeps nobody from trying again');
});
