import t from 'tap';
import type { Mount } from '../../../../src/container/spec.ts';
import { MountPropagation } from '../../../../src/cri/generated/runtime.ts';
import { planMounts, planPropagation } from '../../../../src/cri/plan/plan-mounts.ts';
import { planInput } from './plan-input.ts';

const sources = new Map([
  ['/src', '/real/src'],
  ['/b', '/b'],
]);

function find(mounts: readonly Mount[], destination: string): Mount | undefined {
  return mounts.find((mount) => mount.destination === destination);
}

t.test('the usual file systems come first, in an order that can be mounted', async (t) => {
  const order = planMounts(planInput()).map(({ destination }) => destination);
  t.same(order, [
    '/proc',
    '/dev',
    '/dev/pts',
    '/dev/mqueue',
    '/dev/shm',
    '/sys',
    '/sys/fs/cgroup',
    '/etc/hosts',
    '/etc/resolv.conf',
    '/etc/hostname',
  ]);
});

t.test('sysfs and cgroups can be written only when privileged', async (t) => {
  const usual = planMounts(planInput());
  const privileged = planMounts(
    planInput({ config: { linux: { security_context: { privileged: true } } } }),
  );
  for (const path of ['/sys', '/sys/fs/cgroup']) {
    t.ok(find(usual, path)?.options?.includes('ro'), path);
    t.ok(find(privileged, path)?.options?.includes('rw'), path);
  }
});

t.test("the host's IPC brings its shared memory and queues", async (t) => {
  const mounts = planMounts(planInput({ namespaces: { network: '/n' } }));
  t.match(find(mounts, '/dev/shm'), { type: 'bind', source: '/dev/shm' });
  t.match(find(mounts, '/dev/mqueue'), { type: 'mqueue' });
  const mapped = planMounts(planInput({ namespaces: { network: '/n', user: '/u' } }));
  t.equal(find(mapped, '/dev/mqueue'), undefined, 'a user namespace may not mount them');
});

t.test("shared memory is the pod's, or that of the container whose IPC is joined", async (t) => {
  t.match(find(planMounts(planInput()), '/dev/shm'), { type: 'bind', source: '/p/shm' });
  const joined = planInput({ facts: { ipcNamespace: '/proc/7/ns/ipc', shm: '/other/shm' } });
  t.match(find(planMounts(joined), '/dev/shm'), { type: 'bind', source: '/other/shm' });
});

t.test("a user namespace in the host's network binds sysfs, which it may not mount", async (t) => {
  const mounts = planMounts(planInput({ namespaces: { user: '/u' } }));
  t.match(find(mounts, '/sys'), { type: 'bind', options: ['rbind', 'ro'] });
});

t.test(
  "sources are the host's real paths; rights and propagation follow the request",
  async (t) => {
    t.match(mountOf({}), {
      type: 'bind',
      source: '/real/src',
      options: ['rbind', 'rw', 'rprivate'],
    });
    t.same(mountOf({ readonly: true, propagation: 1 })?.options, ['rbind', 'ro', 'rslave']);
    t.same(mountOf({ propagation: 2 })?.options, ['rbind', 'rw', 'rshared']);
    t.same(mountOf({ readonly: true, recursive_read_only: true })?.options, [
      'rbind',
      'rro',
      'rprivate',
    ]);
    t.match(mountOf({ uidMappings: [{ host_id: 9, container_id: 0, length: 1 }] }), {
      uidMappings: [{ hostID: 9, containerID: 0, size: 1 }],
    });
  },
);

t.test('recursive read-only needs readonly and private propagation', async (t) => {
  for (const fields of [
    {},
    { readonly: true, propagation: 1 },
    { readonly: true, propagation: 2 },
  ]) {
    const mounts = [
      { container_path: '/to', host_path: '/src', recursive_read_only: true, ...fields },
    ];
    const input = planInput({ config: { mounts }, facts: { sources } });
    t.throws(() => planMounts(input), /recursive_read_only needs readonly and private/);
  }
});

t.test(
  'a mount of the request is in place of a usual one, and below none of its own',
  async (t) => {
    const mounts = planMounts(
      planInput({
        facts: { sources },
        config: {
          mounts: [
            { container_path: '/data/deep/er', host_path: '/src' },
            { container_path: '/etc/hosts', host_path: '/b' },
            { container_path: '/data/', host_path: '/src' },
          ],
        },
        options: { tmpfs: [{ path: '/data/deep', options: ['size=1m'] }] },
      }),
    );
    t.same(
      mounts.slice(-4).map(({ destination }) => destination),
      ['/data', '/etc/hosts', '/data/deep', '/data/deep/er'],
    );
    t.equal(mounts.filter(({ destination }) => destination === '/etc/hosts').length, 1);
    t.ok(find(mounts, '/data/deep')?.options?.includes('size=1m'));
  },
);

t.test('destinations and sources that make no sense are refused', async (t) => {
  const plan = (container_path: string, host_path = '/src'): (() => Mount[]) => {
    const config = { mounts: [{ container_path, host_path }] };
    return () => planMounts(planInput({ config, facts: { sources } }));
  };
  t.throws(plan('relative'), /"relative" is not an absolute path/);
  t.throws(plan('/a/..'), /Cannot mount over "\/"/);
  t.throws(plan('/'), /Cannot mount over "\/"/);
  t.throws(plan('/a', '/none'), /Mount source "\/none" does not exist/);
  const twice = [
    { container_path: '/a', host_path: '/src' },
    { container_path: '/a/', host_path: '/src' },
  ];
  const input = planInput({ config: { mounts: twice }, facts: { sources } });
  t.throws(() => planMounts(input), /Two mounts at "\/a"/);
});

t.test('the root propagates as far as the widest mount', async (t) => {
  t.equal(widest(), 'private');
  t.equal(widest(0, MountPropagation.PROPAGATION_HOST_TO_CONTAINER), 'slave');
  t.equal(widest(2, 1, 0), 'shared');
});

t.test('pod files cannot be written where the root cannot', async (t) => {
  const config = { linux: { security_context: { readonly_rootfs: true } } };
  const mounts = planMounts(planInput({ config }));
  t.same(find(mounts, '/etc/hosts')?.options, ['rbind', 'ro', 'rprivate']);
});

function mountOf(fields: object): Mount | undefined {
  const config = { mounts: [{ container_path: '/to', host_path: '/src', ...fields }] };
  return find(planMounts(planInput({ config, facts: { sources } })), '/to');
}

function widest(...modes: number[]): string | undefined {
  const mounts = modes.map((propagation) => ({ propagation }));
  return planPropagation(planInput({ config: { mounts } }));
}

t.test('mount options hold for what is mounted below too, on image volumes as well', async (t) => {
  t.same(mountOf({ mount_options: ['noexec', 'nosuid', 'relatime'] })?.options, [
    'rbind',
    'rw',
    'rprivate',
    'rnoexec',
    'rnosuid',
    'rrelatime',
  ]);
  const volumes = new Map([['/to', { kind: 'file', path: '/layer/file' } as const]]);
  const mounts = [{ container_path: '/to', mount_options: ['noexec'] }];
  const planned = planMounts(planInput({ config: { mounts }, facts: { sources, volumes } }));
  t.ok(find(planned, '/to')?.options?.includes('rnoexec'));
});

t.test('options that give rights back, or mean nothing, are refused by name', async (t) => {
  for (const word of ['suid', 'dev', 'exec', 'rw', 'remount', 'rnoexec', 'size=1m', '', 'idmap']) {
    const mounts = [{ container_path: '/to', host_path: '/src', mount_options: [word] }];
    const input = planInput({ config: { mounts }, facts: { sources } });
    t.throws(() => planMounts(input), new RegExp(`Mount option "${word}" at "/to" is none of ro`));
  }
});
