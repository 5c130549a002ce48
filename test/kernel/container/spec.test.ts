import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Snapshot } from '../../../src/image/snapshot.ts';
import { standardMounts } from './bundle.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

/** The bundle's root as the lowest of many layers, each with a file of its own. */
function snapshotOf(scratch: Scratch, count: number): Snapshot {
  const layers = Array.from({ length: count }, (_, i) => {
    const layer = scratch.bundle.path(`layers/${i}`);
    mkdirSync(join(layer, 'etc'), { recursive: true });
    writeFileSync(join(layer, `etc/layer${i}`), `${i}\n`);
    return layer;
  });
  const upper = scratch.bundle.path('snapshot/upper');
  const work = scratch.bundle.path('snapshot/work');
  for (const folder of [upper, work]) mkdirSync(folder, { recursive: true });
  return { id: 's', layers: [...layers, scratch.bundle.root], upper, work };
}

t.test('an overlay of four hundred layers is mounted in the container alone', async (t) => {
  await using scratch = new Scratch();
  const snapshot = snapshotOf(scratch, 400);
  const script = 'cat /etc/layer0 /etc/layer399; echo new > /etc/new';
  const { out, err } = await scratch.run(['sh', '-c', script], { request: { snapshot } });
  t.equal(err, '');
  t.equal(out, '0\n399\n');
  t.equal(readFileSync(join(snapshot.upper, 'etc/new'), 'utf8'), 'new\n');
  t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), scratch.bundle.name);
});

t.test('in a user namespace the files of an overlay belong to its root', async (t) => {
  await using scratch = new Scratch();
  const snapshot = snapshotOf(scratch, 2);
  const map = [{ containerID: 0, hostID: 500_000, size: 65_536 }];
  const kinds = ['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup', 'user'] as const;
  const { out, err } = await scratch.run(['sh', '-c', 'touch /new; ls -ln /new /bin/busybox'], {
    request: { snapshot },
    linux: { namespaces: kinds.map((type) => ({ type })), uidMappings: map, gidMappings: map },
  });
  t.equal(err, '');
  for (const line of out.trim().split('\n')) t.match(line, /^\S+ +1 0 +0 /);
});

t.test('recursive read-only covers what is mounted below', async (t) => {
  await using scratch = new Scratch();
  const source = scratch.bundle.path('source');
  mkdirSync(source);
  const mounts = [
    ...standardMounts,
    { destination: '/shm', source: '/dev', options: ['rbind', 'rro'] },
    { destination: '/plain', source, options: ['bind', 'ro'] },
    { destination: '/write', source, options: ['bind'] },
  ];
  const script = 'touch /shm/shm/x; touch /plain/x; touch /write/x && echo written';
  const { out, err } = await scratch.run(['sh', '-c', script], { mounts });
  t.equal(out, 'written\n');
  t.equal(err.match(/Read-only file system/g)?.length, 2);
});

t.test('an idmapped mount shows owners by its own mappings', async (t) => {
  await using scratch = new Scratch();
  const source = scratch.bundle.path('source');
  mkdirSync(source);
  writeFileSync(join(source, 'file'), '');
  const map = [{ containerID: 0, hostID: 4000, size: 10 }];
  const mount = { source, options: ['bind', 'idmap'], uidMappings: map, gidMappings: map };
  const { out } = await scratch.run(['ls', '-ln', '/mapped/file'], {
    mounts: [...standardMounts, { destination: '/mapped', ...mount }],
  });
  t.match(out, / 4000 +4000 /);
});

t.test('process settings are those of the document', async (t) => {
  await using scratch = new Scratch();
  const script =
    'ulimit -n; umask; id; cat /proc/self/oom_score_adj; pwd; touch /x; cat /proc/uptime';
  const namespaces = (['pid', 'mount', 'cgroup', 'uts', 'time'] as const).map((type) => ({ type }));
  const { out, err } = await scratch.run(['sh', '-c', script], {
    root: { path: scratch.bundle.root, readonly: true },
    mounts: standardMounts.filter(({ type }) => type !== 'sysfs' && type !== 'cgroup'),
    process: {
      rlimits: [{ type: 'RLIMIT_NOFILE', soft: 77, hard: 88 }],
      user: { uid: 7, gid: 8, umask: 0o027, additionalGids: [9] },
      oomScoreAdj: 321,
      cwd: '/tmp',
    },
    linux: { namespaces, timeOffsets: { boottime: { secs: 1_000_000 } }, maskedPaths: [] },
  });
  const [limit, mask, id, score, folder, uptime = ''] = out.trim().split('\n');
  t.same([limit, mask, score, folder], ['77', '0027', '321', '/tmp']);
  t.equal(id, 'uid=7 gid=8 groups=8,9');
  t.match(err, /Read-only file system/);
  t.ok(Number(uptime.split(' ')[0]) > 1_000_000, 'the time namespace has its offset');
});

t.test('a filter forbids a call, with and without no_new_privs', async (t) => {
  await using scratch = new Scratch();
  const rule = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 99 };
  const seccomp = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] };
  for (const noNewPrivileges of [true, false]) {
    const change = { linux: { seccomp }, process: { noNewPrivileges } };
    const { err } = await scratch.run(['mkdir', '/tmp/x'], change);
    t.match(err, /Cannot assign requested address/, `noNewPrivileges ${noNewPrivileges}`);
  }
});
