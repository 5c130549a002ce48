import {
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { killFrozen } from '../../../src/cgroup/kill-cgroup.ts';
import { CgroupFolder } from '../../../src/cgroup/folder.ts';
import { exitOf, scratch, sleeper, unable } from './scratch.ts';
import { kernelFailure, refusal } from '../../unit/cgroup/refusal.ts';

const skip = unable();
const controlled = { skip: unable({ controller: 'hugetlb' }) };

t.test('create makes the parents and opens what exists', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using first = hierarchy.create(`${base}/a/b`);
  using again = hierarchy.create(`${base}/a/b`);
  t.equal(first.path, `${base}/a/b`);
  t.ok(fstatSync(first.descriptor()).isDirectory());
  t.equal(fstatSync(first.descriptor()).ino, fstatSync(again.descriptor()).ino);
  const name = `Cgroup "${hierarchy.mountPoint}${base}/a/b" exists`;
  const expected = refusal('exists', name);
  t.throws(() => hierarchy.create(`${base}/a/b`, { exclusive: true }), expected);
});

t.test('open of a missing cgroup is notFound', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  const expected = { kind: 'notFound', message: `No cgroup "${base}/none"` };
  t.throws(() => hierarchy.open(`${base}/none`), expected);
});

t.test('a path with .. is refused before the kernel sees it', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  for (const path of ['/..', `${base}/../../x`, `${base}/./y`]) {
    t.throws(() => hierarchy.create(path), refusal('invalid'));
    t.throws(() => hierarchy.open(path), refusal('invalid'));
    await t.rejects(hierarchy.remove(path), refusal('invalid'));
  }
});

t.test('an open folder is not left through a symbolic link or ..', { skip }, async (t) => {
  // cgroupfs holds no symbolic links, so a common folder stands for a hostile hierarchy.
  const path = await mkdtemp(join(tmpdir(), 'keelson-cgroup-'));
  t.teardown(async () => await rm(path, { recursive: true }));
  symlinkSync('/etc', join(path, 'link'));
  symlinkSync('/etc/passwd', join(path, 'memory.max'));
  using folder = new CgroupFolder(openSync(path, 'r'), path);
  t.throws(() => folder.open('link'), kernelFailure('ELOOP'));
  t.throws(() => folder.open('..'), kernelFailure('EXDEV'));
  t.throws(() => folder.open('/etc'), kernelFailure('EXDEV'));
  t.throws(() => folder.read('memory.max'), kernelFailure('ELOOP'));
  t.throws(() => folder.write('memory.max', ''), kernelFailure('ELOOP'));
});

t.test('a process is moved, listed, frozen, thawed and killed', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(`${base}/a`);
  t.equal(cgroup.populated(), false);
  const child = sleeper(t);
  cgroup.move(child.pid);
  t.same(cgroup.processes(), [child.pid]);
  t.equal(cgroup.populated(), true);
  t.match(readFileSync(`/proc/${child.pid}/cgroup`, 'utf8'), `0::${base}/a`);
  await cgroup.freeze();
  t.equal(cgroup.frozen(), true);
  await cgroup.thaw();
  t.equal(cgroup.frozen(), false);
  await cgroup.kill();
  t.equal(await exitOf(child), 'SIGKILL');
  t.same(cgroup.processes(), []);
  await cgroup.kill();
});

t.test('kill ends the processes of all cgroups below, also frozen ones', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using top = hierarchy.create(`${base}/a`);
  using below = hierarchy.create(`${base}/a/b/c`);
  const children = [sleeper(t), sleeper(t)];
  for (const child of children) below.move(child.pid);
  const pids = children.map(({ pid }) => pid).toSorted((a, b) => a - b);
  t.same(
    top.processes({ recursive: true }).toSorted((a, b) => a - b),
    pids,
  );
  t.same(top.processes(), []);
  await below.freeze();
  await top.kill();
  for (const child of children) t.equal(await exitOf(child), 'SIGKILL');
});

t.test('kill works on kernels without cgroup.kill', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(`${base}/a/b`);
  const child = sleeper(t);
  cgroup.move(child.pid);
  const path = `${hierarchy.mountPoint}${base}`;
  using folder = new CgroupFolder(openSync(path, 'r'), path);
  await killFrozen(folder, 5000);
  t.equal(await exitOf(child), 'SIGKILL');
  t.equal(folder.read('cgroup.freeze'), '0\n');
});

t.test('remove ends processes, removes all below, and may be repeated', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using top = hierarchy.create(`${base}/a`);
  using below = hierarchy.create(`${base}/a/b/c`);
  const child = sleeper(t);
  below.move(child.pid);
  await top.remove();
  t.equal(await exitOf(child), 'SIGKILL');
  t.notOk(existsSync(`${hierarchy.mountPoint}${base}/a`));
  await top.remove();
  await hierarchy.remove(`${base}/a`);
  t.same(below.processes(), []);
  t.equal(below.populated(), false);
  await below.kill();
});

t.test('an object of a removed cgroup never means a new one of its name', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using old = hierarchy.create(`${base}/a`);
  await hierarchy.remove(`${base}/a`);
  using renewed = hierarchy.create(`${base}/a`);
  const child = sleeper(t);
  renewed.move(child.pid);
  t.same(old.processes(), []);
  t.throws(() => old.move(child.pid), kernelFailure('ENOENT'));
  t.same(renewed.processes(), [child.pid]);
});

t.test('a removed object never removes a new cgroup of its name', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using old = hierarchy.create(`${base}/a`);
  await hierarchy.remove(`${base}/a`);
  using renewed = hierarchy.create(`${base}/a`);
  await old.remove();
  t.equal(renewed.read('cgroup.events'), 'populated 0\nfrozen 0\n');
});

t.test('the root is not removed', { skip }, async (t) => {
  const { hierarchy } = scratch(t);
  await t.rejects(hierarchy.remove('/'), refusal('invalid', 'The root cgroup cannot be removed'));
});

t.test('cgroups nested deeper than descriptors allow are removed', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  hierarchy.create(base)[Symbol.dispose]();
  const path = `${hierarchy.mountPoint}${base}`;
  let folder = new CgroupFolder(openSync(path, 'r'), path);
  for (let depth = 0; depth < 1200; depth++) {
    using parent = folder;
    if (depth % 100 === 0) parent.make('sibling');
    parent.make('level');
    folder = parent.open('level');
  }
  const child = sleeper(t);
  folder.write('cgroup.procs', String(child.pid));
  folder[Symbol.dispose]();
  using top = hierarchy.open(base);
  const before = openDescriptors();
  t.same(top.processes({ recursive: true }), [child.pid]);
  await top.remove();
  t.equal(await exitOf(child), 'SIGKILL');
  t.notOk(existsSync(path));
  t.ok(openDescriptors() <= before + 1);
});

t.test('an empty cgroup freezes and thaws', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base);
  await cgroup.freeze();
  t.equal(cgroup.frozen(), true);
  await cgroup.thaw();
  t.equal(cgroup.frozen(), false);
});

t.test(
  'delegate gives a user the right to make cgroups, not to lift limits',
  { skip },
  async (t) => {
    const { hierarchy, base } = scratch(t);
    using cgroup = hierarchy.create(`${base}/a`);
    cgroup.delegate({ uid: 12_345, gid: 54_321 });
    const path = `${hierarchy.mountPoint}${base}/a`;
    const owner = (name: string): number[] => {
      const { uid, gid } = statSync(join(path, name));
      return [uid, gid];
    };
    for (const name of ['.', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads']) {
      t.same(owner(name), [12_345, 54_321], name);
    }
    t.same(owner('cgroup.freeze'), [0, 0]);
    t.same(owner('cgroup.max.depth'), [0, 0]);
  },
);

t.test('a cgroup with processes gives no controllers to children', controlled, async (t) => {
  const { hierarchy, base } = scratch(t);
  using parent = hierarchy.create(base);
  const child = sleeper(t);
  parent.move(child.pid);
  const line = /it has processes of its own.*no-internal-process rule.*move them into a child/;
  t.throws(
    () => hierarchy.create(`${base}/b`, { controllers: ['hugetlb'] }),
    refusal('conflict', line),
  );
  // Without the wish for controllers the child is made, and has none.
  using plain = hierarchy.create(`${base}/b`);
  t.same(plain.controllers(), []);
});

t.test('creating and removing leaves no descriptor open', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  const cycle = async (): Promise<void> => {
    using cgroup = hierarchy.create(`${base}/x/y`);
    await cgroup.remove();
  };
  await cycle();
  const before = openDescriptors();
  for (let round = 0; round < 100; round++) await cycle();
  t.equal(openDescriptors(), before);
});

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
