import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { standardMounts } from './bundle.ts';
import { Scratch } from './scratch.ts';

if (process.getuid?.() !== 0) {
  t.plan(0, 'needs root');
  process.exit();
}

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
