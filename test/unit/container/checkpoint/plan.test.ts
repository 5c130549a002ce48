import t from 'tap';
import {
  checkDump,
  type DumpFacts,
  planDump,
} from '../../../../src/container/checkpoint/plan-dump.ts';
import { planRestore } from '../../../../src/container/checkpoint/plan-restore.ts';
import type { NamespaceSpec } from '../../../../src/container/spec-linux.ts';
import type { Spec } from '../../../../src/container/spec.ts';

type CheckpointDocument = DumpFacts['document'];

const document: CheckpointDocument = {
  version: 1,
  externals: [
    { path: '/volume', kind: 'spec' },
    { path: '/volume/below', kind: 'spec' },
    { path: '/proc/keys', kind: 'null' },
    { path: '/sys/fs/cgroup', kind: 'cgroup' },
  ],
  streams: ['file[18:3]', 'pipe:[7]', 'file[18:3]'],
  network: true,
};

const namespaces: readonly NamespaceSpec[] = [
  { type: 'mount' },
  { type: 'pid' },
  { type: 'cgroup' },
  { type: 'network', path: '/run/netns/pod' },
  { type: 'ipc', path: '/run/pod/ipc' },
];

function specWith(change: Partial<Spec> = {}, more: readonly NamespaceSpec[] = namespaces): Spec {
  return {
    ociVersion: '1.3.0',
    process: { args: ['sh'], cwd: '/', user: { uid: 0, gid: 0 } },
    mounts: [{ destination: '/volume', source: '/data', type: 'bind', options: ['rbind'] }],
    linux: { namespaces: more },
    ...change,
  };
}

t.test('a dump leaves the container running, and what is outside it outside', async (t) => {
  const words = planDump({
    pid: 42,
    cgroupFolder: '/sys/fs/cgroup/one',
    images: '/out/checkpoint',
    work: '/out',
    document,
    network: 4026532639n,
    timeoutMs: 1200,
  });
  t.equal(words[0], 'dump');
  for (const word of [
    '--tree=42',
    '--leave-running',
    '--freeze-cgroup=/sys/fs/cgroup/one',
    '--timeout=2',
    '--external=mnt[/volume]:/volume',
    '--external=net[4026532639]:extRootNetNS',
    '--external=file[18:3]',
  ]) {
    t.equal(words.filter((each) => each === word).length, 1, word);
  }
});

const request = (spec: Spec, runtime?: { path: string; root: string; options: [] }) => ({
  spec,
  ...(runtime && { runtime }),
});

t.test('what criu could not bring back is refused before anything stops', async (t) => {
  const without = (type: string) => namespaces.filter((namespace) => namespace.type !== type);
  checkDump(request(specWith()));
  const runtime = { path: '/usr/sbin/runc', root: '/run/runc', options: [] } as const;
  const bad = [
    request(specWith(), { ...runtime, options: [] }),
    request(
      specWith({ process: { args: [], cwd: '/', user: { uid: 0, gid: 0 }, terminal: true } }),
    ),
    request(specWith({}, without('pid'))),
    request(specWith({}, [...without('pid'), { type: 'pid', path: '/run/pod/pid' }])),
    request(specWith({}, [...namespaces, { type: 'user' }])),
    request(specWith({}, [...namespaces, { type: 'user', path: '/run/pod/user' }])),
    request(specWith({}, [...namespaces, { type: 'time' }])),
  ];
  for (const each of bad) t.throws(() => checkDump(each), { kind: 'unsupported', message: /./ });
});

const snapshot = { id: 'one', layers: ['/layers/a/fs'], upper: '/up', work: '/work' };

function wordsOf(spec: Spec, change: Partial<CheckpointDocument> = {}): readonly string[] {
  const { operations } = planRestore({
    spec,
    snapshot,
    images: '/images',
    document: { ...document, ...change },
    cgroupMountPoint: '/sys/fs/cgroup',
    program: '/usr/sbin/criu',
    folder: '/state/one',
  });
  return operations.find(([name]) => name === 'runtime')?.map(String) ?? [];
}

t.test('a restore finds in the new specification what the old one had', async (t) => {
  const words = wordsOf(specWith());
  t.strictSame(words.slice(0, 5), [
    'runtime',
    '/state/one/restore.pid',
    '',
    '/usr/sbin/criu',
    'restore',
  ]);
  for (const word of [
    '--external=mnt[/volume]:/state/one/restore/0',
    '--external=mnt[/volume/below]:/state/one/restore/0/below',
    '--external=mnt[/proc/keys]:/dev/null',
    '--external=mnt[/sys/fs/cgroup]:/state/one/restore/cgroup',
    '--inherit-fd=fd[0]:file[18:3]',
    '--inherit-fd=fd[1]:pipe:[7]',
    '--inherit-fd=fd[3]:extRootNetNS',
    '--join-ns=ipc:/run/pod/ipc',
    '--root=/state/one/restore/root',
  ]) {
    t.ok(words.includes(word), word);
  }
});

t.test('a specification that the checkpoint does not fit into is refused', async (t) => {
  const conflict = { kind: 'conflict' } as const;
  t.throws(() => wordsOf(specWith({ mounts: [] })), { ...conflict, message: /needs a mount/ });
  const more = [{ destination: '/more', source: '/data', type: 'bind' }];
  const mounts = [...(specWith().mounts ?? []), ...more];
  t.throws(() => wordsOf(specWith({ mounts })), { ...conflict, message: /no mount at "\/more"/ });
  t.throws(() => wordsOf(specWith(), { network: false }), { ...conflict, message: /network/ });
});
