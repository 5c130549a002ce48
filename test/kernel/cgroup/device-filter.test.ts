import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { defaultDeviceRules } from '../../../src/cgroup/device-rule.ts';
import type { Cgroup } from '../../../src/cgroup/cgroup.ts';
import { addon } from '../../../src/kernel/addon.ts';
import { kernelFailure, refusal } from '../../unit/cgroup/refusal.ts';
import { scratch, unable } from './scratch.ts';

const skip = unable() || unableToFilter();
const denyAll = { allow: false, type: 'a', access: 'rwm' };
const readZero = { allow: true, type: 'c', major: 1, minor: 5, access: 'r' };

t.test('only the allowed devices can be opened, and only as allowed', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base);
  t.ok(succeeds(cgroup, 'head -c1 /dev/zero'));
  cgroup.applyDevices([denyAll, readZero]);
  t.ok(succeeds(cgroup, 'head -c1 /dev/zero'));
  t.notOk(succeeds(cgroup, 'head -c1 /dev/urandom'));
  t.notOk(succeeds(cgroup, ': > /dev/zero'), 'writing');
  t.notOk(succeeds(cgroup, ': <> /dev/zero'), 'reading and writing');
});

t.test('mknod needs m, and a made node opens only by its rule', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base);
  const folder = mkdtempSync(join(tmpdir(), 'keelson-device-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  cgroup.applyDevices([denyAll, { allow: true, type: 'c', major: 1, access: 'm' }]);
  t.ok(succeeds(cgroup, `mknod ${folder}/random c 1 8`));
  t.notOk(succeeds(cgroup, `mknod ${folder}/tty c 5 0`));
  t.notOk(succeeds(cgroup, `mknod ${folder}/disk b 1 8`));
  t.notOk(succeeds(cgroup, `head -c1 ${folder}/random`));
});

t.test('a second call replaces the rules of the first', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base);
  cgroup.applyDevices([denyAll]);
  t.notOk(succeeds(cgroup, 'head -c1 /dev/zero'));
  cgroup.applyDevices([denyAll, readZero]);
  t.ok(succeeds(cgroup, 'head -c1 /dev/zero'));
  cgroup.applyDevices([denyAll, readZero]);
  t.equal(addon.bpfQuery(cgroup.descriptor(), 6).length, 1);
  cgroup.applyDevices([{ allow: true }]);
  t.same(addon.bpfQuery(cgroup.descriptor(), 6), [], 'no rule, no program');
  t.ok(succeeds(cgroup, ': <> /dev/zero'));
});

t.test('the rules of a cgroup above hold below', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using above = hierarchy.create(base);
  using below = hierarchy.create(`${base}/below`);
  above.applyDevices([denyAll, readZero]);
  below.applyDevices(defaultDeviceRules);
  t.notOk(succeeds(below, ': > /dev/null'));
  t.ok(succeeds(below, 'head -c1 /dev/zero'));
});

t.test('the kernel verifies as many rules as are allowed', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base);
  const rules = Array.from({ length: 1023 }, (_, index) => ({
    allow: index % 3 !== 0,
    type: index % 2 === 0 ? 'c' : 'b',
    major: index % 97,
    minor: index,
    access: 'rw',
  }));
  cgroup.applyDevices([...rules, readZero]);
  t.ok(succeeds(cgroup, 'head -c1 /dev/zero'));
  t.notOk(succeeds(cgroup, 'head -c1 /dev/urandom'));
});

t.test('more loaded programs than are kept stay attached', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  const cgroups = Array.from({ length: 20 }, (_, index) => {
    const cgroup = hierarchy.create(`${base}/${index}`);
    cgroup.applyDevices([denyAll, readZero, { allow: true, type: 'b', major: index }]);
    return cgroup;
  });
  for (const cgroup of cgroups) {
    t.ok(succeeds(cgroup, 'head -c1 /dev/zero'));
    t.notOk(succeeds(cgroup, 'head -c1 /dev/urandom'));
    cgroup[Symbol.dispose]();
  }
});

t.test("a refused program's error has the verifier's words", { skip }, async (t) => {
  // A lone exit: the answer's register has never been set.
  const program = new Uint8Array([0x95, 0, 0, 0, 0, 0, 0, 0]);
  const expected = { ...kernelFailure('EACCES'), text: /R0 !read_ok/ };
  t.throws(() => addon.bpfLoad(15, program, 'broken'), expected);
});

t.test('wrong rules leave the filter as it is', { skip }, async (t) => {
  const { hierarchy, base } = scratch(t);
  using cgroup = hierarchy.create(base);
  cgroup.applyDevices([denyAll]);
  const wrong = { allow: true, type: 'x' };
  t.throws(() => cgroup.applyDevices([wrong]), refusal('invalid'));
  t.notOk(succeeds(cgroup, 'head -c1 /dev/zero'));
});

/** Runs a shell command that enters the cgroup first. */
function succeeds(cgroup: Cgroup, command: string): boolean {
  // The redirection precedes the move, because the filter may forbid /dev/null.
  const script = `exec 3> ${cgroup.folderPath}/cgroup.procs; echo $$ >&3; exec 3>&-; ${command}`;
  return spawnSync('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] }).status === 0;
}

function unableToFilter(): string | false {
  try {
    // The smallest program: it answers 1.
    const program = new Uint8Array([0xb7, 0, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
    const fd = addon.bpfLoad(15, program, 'probe');
    closeSync(fd);
    return false;
  } catch (error) {
    return `needs BPF: ${String(error)}`;
  }
}
