import t from 'tap';
import type { Spec } from '../../../../src/container/spec.ts';
import { compareSpecs } from '../../../../src/cri/checkpoint/compare-specs.ts';
import { parsePodDocument } from '../../../../src/cri/checkpoint/pod-document.ts';

t.test('a list of containers that leads elsewhere is refused', async (t) => {
  const good = { version: 1, containers: { one: 'ab12', two: 'cd34' } };
  t.strictSame(parsePodDocument(good), good);
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`c${i}`, `f${i}`]));
  const folders = ['..', '.', '', 'a/b', '/etc', 'a\0b', '.hidden', 7, null, 'a'.repeat(200)];
  for (const containers of [...folders.map((folder) => ({ one: folder })), { '': 'a' }, many, 7]) {
    t.throws(() => parsePodDocument({ version: 1, containers }), { kind: 'invalid', message: /./ });
  }
  t.throws(() => parsePodDocument(null), { kind: 'invalid', message: /./ });
  t.throws(() => parsePodDocument({ version: 2, containers: {} }), {
    kind: 'unsupported',
    message: /./,
  });
});

const spec: Spec = {
  ociVersion: '1.3.0',
  process: {
    args: ['sh'],
    cwd: '/',
    env: ['A=b', 'HOSTNAME=one'],
    user: { uid: 7, gid: 0 },
    capabilities: { bounding: ['CAP_KILL'] },
  },
  linux: { namespaces: [{ type: 'pid' }, { type: 'network', path: '/run/netns/one' }] },
};

t.test('a new pod of the same container is accepted', async (t) => {
  const { process } = spec;
  if (process === undefined) throw new Error('none');
  const env = ['HOSTNAME=two', 'A=b'];
  const namespaces = [{ type: 'network', path: '/run/netns/two' }, { type: 'pid' }] as const;
  compareSpecs(JSON.parse(JSON.stringify(spec)), {
    ...spec,
    process: { ...process, env },
    linux: { namespaces },
  });
  t.pass('no refusal');
});

t.test('a process that would have other rights, or be another, is refused', async (t) => {
  const { process, linux } = spec;
  if (process === undefined) throw new Error('none');
  const changes: readonly Spec[] = [
    { ...spec, process: { ...process, args: ['sh', '-c', 'x'] } },
    { ...spec, process: { ...process, env: ['A=c'] } },
    { ...spec, process: { ...process, user: { uid: 0, gid: 0 } } },
    { ...spec, process: { ...process, capabilities: {} } },
    { ...spec, process: { ...process, noNewPrivileges: true } },
    { ...spec, linux: { ...linux, seccomp: { defaultAction: 'SCMP_ACT_ERRNO' } } },
    { ...spec, linux: { ...linux, maskedPaths: ['/proc/keys'] } },
    { ...spec, linux: { namespaces: [{ type: 'pid' }] } },
    { ...spec, root: { path: '', readonly: true } },
  ];
  for (const changed of changes)
    t.throws(() => compareSpecs(spec, changed), { kind: 'conflict', message: /./ });
  for (const nothing of [null, 7, [], 'text', {}]) {
    t.throws(() => compareSpecs(nothing, spec), { kind: 'conflict', message: /./ });
  }
});
