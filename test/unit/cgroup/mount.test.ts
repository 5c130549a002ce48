import t from 'tap';
import { hierarchyMounts } from '../../../src/cgroup/mount.ts';

const tmpfs = '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755';
const v1 = '32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu';
const unified = '41 31 0:38 / /sys/fs/cgroup/unified rw shared:9 master:1 - cgroup2 cgroup2 rw';

t.test('the hybrid hierarchy is found', async (t) => {
  t.same(hierarchyMounts([tmpfs, v1, unified, ''].join('\n')), ['/sys/fs/cgroup/unified']);
});

t.test('the usual place comes before others', async (t) => {
  const odd = '50 1 0:38 /x /odd\\040place rw - cgroup2 none rw';
  const pure = '29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate';
  t.same(hierarchyMounts([odd, unified, pure, pure].join('\n')), [
    '/sys/fs/cgroup',
    '/sys/fs/cgroup/unified',
    '/odd place',
  ]);
});

t.test('v1 alone, and nothing, is no hierarchy', async (t) => {
  t.same(hierarchyMounts([tmpfs, v1].join('\n')), []);
  t.same(hierarchyMounts(''), []);
});
