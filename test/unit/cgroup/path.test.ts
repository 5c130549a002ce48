import t from 'tap';
import {
  componentsOf,
  expandCgroupParent,
  expandCgroupsPath,
  slicePath,
} from '../../../src/cgroup/path.ts';
import { refusal } from './refusal.ts';

t.test('a path is one component a level, however its slashes are written', async (t) => {
  t.same(componentsOf('/a/b'), ['a', 'b']);
  t.same(componentsOf('a//b/'), ['a', 'b']);
  t.same(componentsOf('/'), []);
});

t.test('a path that could leave the hierarchy is refused', async (t) => {
  const hostile = ['..', '/a/../../b', './a', 'a/./b', 'a\nb', 'a\0b', 'x'.repeat(256)];
  for (const path of hostile) t.throws(() => componentsOf(path), refusal('invalid'));
});

t.test('each dash of a slice is a level', async (t) => {
  t.equal(slicePath('a-b-c.slice'), '/a.slice/a-b.slice/a-b-c.slice');
  t.equal(slicePath('system.slice'), '/system.slice');
  t.equal(slicePath('-.slice'), '/');
  for (const name of ['a', '-a.slice', 'a-.slice', 'a--b.slice', 'a/b.slice', '.slice']) {
    t.throws(() => slicePath(name), refusal('invalid'), name);
  }
});

t.test("an OCI cgroupsPath in systemd's notation is expanded", async (t) => {
  const pod = 'kubepods-burstable-pod1_2.slice:keelson:abc';
  const parent = '/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice';
  t.equal(expandCgroupsPath(pod), `${parent}/keelson-abc.scope`);
  t.equal(expandCgroupsPath(':keelson:abc'), '/system.slice/keelson-abc.scope');
  t.equal(expandCgroupsPath('a.slice::abc'), '/a.slice/abc.scope');
  t.equal(expandCgroupsPath('a.slice:keelson:b.slice'), '/a.slice/b.slice');
  t.throws(() => expandCgroupsPath('a.slice:b:c:d'), refusal('invalid'));
  t.throws(() => expandCgroupsPath('a.slice:b:'), refusal('invalid'));
});

t.test('any other cgroupsPath is a path', async (t) => {
  t.equal(expandCgroupsPath('/kubepods/burstable/pod1/abc'), '/kubepods/burstable/pod1/abc');
  t.equal(expandCgroupsPath('/a/b:c:d'), '/a/b:c:d');
  t.equal(expandCgroupsPath('x'), '/x');
});

t.test('the cgroup_parent of both kubelet drivers is understood', async (t) => {
  const expanded = '/kubepods.slice/kubepods-pod1.slice';
  t.equal(expandCgroupParent('/kubepods.slice/kubepods-pod1.slice'), expanded);
  t.equal(expandCgroupParent('kubepods-pod1.slice'), expanded);
  t.equal(expandCgroupParent('/kubepods-pod1.slice'), expanded);
  t.equal(expandCgroupParent('/kubepods/besteffort/pod1'), '/kubepods/besteffort/pod1');
});
