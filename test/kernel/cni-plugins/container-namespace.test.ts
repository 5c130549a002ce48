import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ContainerNamespace } from '../../../cni-plugins/container-namespace.ts';
import { link } from '../../../src/netlink/index.ts';
import { skip, TestNamespace } from '../netlink/namespace.ts';

t.test('what is no network namespace is refused, and DEL finds none', { skip }, async (t) => {
  const folder = t.testdir({});
  writeFileSync(join(folder, 'file'), '');
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
  const paths = [
    join(folder, 'absent'),
    join(folder, 'file'),
    join(folder, 'fifo'),
    join(folder, 'loop'),
    join(folder, 'file', 'below'),
    folder,
    '/proc/self/ns/mnt',
    '/dev/null',
    '/dev/ptmx',
    `/${'x'.repeat(5000)}`,
    '/proc/self/ns/net\0x',
    '',
  ];
  for (const path of paths) {
    await t.rejects(
      ContainerNamespace.open({ netns: path }),
      { name: 'CniError', code: 4 },
      JSON.stringify(path),
    );
    t.equal(await ContainerNamespace.find({ netns: path }), undefined, JSON.stringify(path));
  }
});

t.test('the connection is the container’s, also by a symbolic link', { skip }, async (t) => {
  using space = new TestNamespace();
  space.ip('link', 'add', 'here', 'type', 'bridge');
  const path = join(t.testdir({}), 'link');
  symlinkSync(space.path, path);
  using container = await ContainerNamespace.open({ netns: path });
  t.equal((await link.get(container.connection, 'here')).kind, 'bridge');
});
