import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import t from 'tap';
import { probeFeatures, processCapabilities, readMounts } from '../../../../src/index.ts';
import { addon } from '../../../../src/kernel/addon.ts';
import { withoutRoot } from '../../skip.ts';

const features = await probeFeatures();
const find = (name: string) => features.find((each) => each.name === name);

t.test('every feature has a name of its own and says what follows', async (t) => {
  t.equal(new Set(features.map(({ name }) => name)).size, features.length);
  for (const { name, detail, consequence } of features) {
    t.match(name, /^[a-z0-9+-]+$/);
    t.ok(detail.length > 0 && consequence.length > 0, name);
    t.notMatch(`${detail}${consequence}`, /undefined|NaN|\n/, name);
  }
});

t.test('all eight namespaces are looked for', async (t) => {
  const names = features.filter(({ name }) => name.startsWith('namespace-'));
  t.equal(names.length, 8);
  for (const { name, available } of names) {
    const kind = name.replace('namespace-', '');
    t.equal(available, existsSync(`/proc/self/ns/${kind}`), kind);
  }
});

t.test('controllers are those of the mounted hierarchy', async (t) => {
  const mount = readMounts().find(({ fileSystem }) => fileSystem === 'cgroup2');
  t.equal(find('cgroup2')?.available, mount !== undefined);
  if (mount === undefined) return;
  const text = readFileSync(`${mount.mountPoint}/cgroup.controllers`, 'utf8').trim().split(' ');
  for (const name of ['cpu', 'cpuset', 'memory', 'io', 'pids', 'hugetlb']) {
    t.equal(find(`cgroup-${name}`)?.available, text.includes(name), name);
  }
});

t.test('file systems agree with the kernel', { skip: withoutRoot }, async (t) => {
  const listed = readFileSync('/proc/filesystems', 'utf8').includes('\toverlay\n');
  t.equal(find('overlay')?.available, listed);
  t.ok(find('openat2')?.available, 'the toolkit needs it');
});

t.test('missing capabilities are named with what is lost', async (t) => {
  const resource = processCapabilities().effective.includes('CAP_SYS_RESOURCE');
  const found = find('capabilities');
  t.equal(/CAP_SYS_RESOURCE/.test(found?.detail ?? ''), !resource);
  t.equal(/oom_score_adj/.test(found?.consequence ?? ''), !resource);
});

t.test('a call that the kernel lacks is told from one that is there', async (t) => {
  t.equal(addon.probeCall(100_000), 38);
  t.not(addon.probeCall(437), 38, 'openat2');
});

function nftWorks(): boolean {
  try {
    execFileSync('/usr/sbin/nft', ['list', 'ruleset'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

t.test('nftables agrees with nft, when that is installed', { skip: withoutRoot }, async (t) => {
  if (!existsSync('/usr/sbin/nft')) {
    t.match(find('nftables')?.detail, /./);
    return;
  }
  t.equal(find('nftables')?.available, nftWorks());
});

t.test('probing leaves nothing open and nothing mounted', async (t) => {
  const state = [readdirSync('/proc/self/fd').length, readMounts().length];
  for (let i = 0; i < 20; i++) await probeFeatures();
  t.equal(readdirSync('/proc/self/fd').length, state[0]);
});
