import t from 'tap';
import { planContainer, type ContainerSource } from '../../../src/container/plan/plan-container.ts';
import { relativeLayers } from '../../../src/container/plan/plan-root.ts';
import { parseNumberList } from '../../../src/container/plan/plan-scheduling.ts';
import { sysctlNamespace, sysctlPath } from '../../../src/container/plan/plan-settings.ts';
import type { Spec } from '../../../src/container/spec.ts';

const invalid = { name: 'DomainError', kind: 'invalid' };
const unsupported = { name: 'DomainError', kind: 'unsupported' };

function plan(change: Partial<Spec> = {}, more: Partial<ContainerSource> = {}) {
  const spec: Spec = {
    ociVersion: '1.3.0',
    root: { path: '/bundle/rootfs' },
    process: { args: ['/bin/true'], cwd: '/', user: { uid: 0, gid: 0 } },
    ...change,
    linux: { namespaces: [{ type: 'mount' }, { type: 'pid' }], ...change.linux },
  };
  return planContainer({
    id: 'c',
    spec,
    bundle: '/run/c',
    cgroupMountPoint: '/sys/fs/cgroup',
    capabilities: (1n << 40n) - 1n,
    ...more,
  });
}

const names = (planned: ReturnType<typeof plan>) => planned.operations.map(([name]) => name);

t.test('everything of the host is opened before the pivot, privileges go last', async (t) => {
  const order = names(plan());
  t.equal(order.at(-1), 'execute');
  t.ok(order.indexOf('open-tree') < order.indexOf('propagation'));
  t.ok(order.indexOf('pivot') < order.indexOf('wait'));
  t.ok(order.indexOf('wait') < order.indexOf('identity'));
  t.ok(order.indexOf('bounding') < order.indexOf('identity'));
  t.ok(order.indexOf('identity') < order.indexOf('capabilities'));
});

t.test('an init is opened on the host and forked as the program, at the very end', async (t) => {
  const { operations } = plan({}, { init: true });
  t.same(operations.slice(-2)[0], [
    'init',
    operations.find(([, , path]) => path === '/proc/self/exe')?.[1],
  ]);
  const order = operations.map(([name]) => name);
  t.ok(operations.findIndex(([, , path]) => path === '/proc/self/exe') < order.indexOf('pivot'));
  t.notOk(names(plan()).includes('init'), 'only where it is asked for');
});

t.test('a filter is loaded last where nothing may be gained, else with privileges', async (t) => {
  const seccomp = { program: Buffer.alloc(8), flags: 0 };
  const user = { uid: 1, gid: 1 };
  const process = { args: ['x'], cwd: '/', user };
  const loose = names(plan({ process }, { seccomp }));
  t.ok(loose.indexOf('seccomp') < loose.indexOf('identity'));
  const strict = names(plan({ process: { ...process, noNewPrivileges: true } }, { seccomp }));
  t.same(strict.slice(-3), ['no-new-privileges', 'seccomp', 'execute']);
});

t.test(
  'namespaces are made by the clone, unless a user or time namespace is among them',
  async (t) => {
    t.match(plan(), { cloneFlags: 0x20020000, relay: false });
    const user = {
      namespaces: [{ type: 'mount' }, { type: 'user' }] as const,
      uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
      gidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
    };
    const planned = plan({ linux: user });
    t.match(planned, { cloneFlags: 0, relay: true });
    const order = names(planned);
    t.ok(order.indexOf('user-namespace') < order.indexOf('join'));
    t.ok(order.indexOf('join') < order.indexOf('fork'));
    t.notOk(order.includes('node'), 'devices are bound, not made');
  },
);

t.test('what contradicts itself or cannot be is refused by name', async (t) => {
  const process = { args: ['x'], cwd: '/', user: { uid: 0, gid: 0 } };
  const cases: [Partial<Spec>, typeof invalid][] = [
    [{ process: { ...process, args: [] } }, invalid],
    [{ process: { ...process, cwd: 'relative' } }, invalid],
    [{ process: { ...process, env: ['A=\0'] } }, invalid],
    [{ process: { ...process, rlimits: [{ type: 'RLIMIT_NONE', soft: 1, hard: 1 }] } }, invalid],
    [{ process: { ...process, capabilities: { bounding: ['CAP_NONE'] } } }, invalid],
    [{ process: { ...process, apparmorProfile: 'some' } }, unsupported],
    [{ root: { path: 'relative' } }, invalid],
    [{ linux: { namespaces: [{ type: 'pid' }] } }, unsupported],
    [{ linux: { namespaces: [{ type: 'mount' }, { type: 'mount' }] } }, invalid],
    [{ linux: { namespaces: [{ type: 'mount' }, { type: 'user' }] } }, invalid],
    [{ linux: { maskedPaths: ['relative'] } }, invalid],
    [{ linux: { devices: [{ path: '/dev/x', type: 'z' }] } }, invalid],
    [{ linux: { sysctl: { 'net.ipv4.ip_forward': '1' } } }, invalid],
    [{ linux: { netDevices: { eth0: {} } } }, invalid],
    [{ hostname: 'name' }, invalid],
    [{ mounts: [{ destination: '/', type: 'tmpfs' }] }, invalid],
    [{ mounts: [{ destination: '/x' }] }, invalid],
    [{ hooks: { startContainer: [{ path: 'relative' }] } }, invalid],
    [{ hooks: { startContainer: [{ path: '/x', timeout: 0 }] } }, invalid],
  ];
  for (const [change, error] of cases) t.throws(() => plan(change), error, JSON.stringify(change));
});

t.test('a limit of 2^64 - 1 survives JSON', async (t) => {
  const rlimits = [{ type: 'RLIMIT_CORE', soft: 0, hard: 2 ** 64 }];
  const process = { args: ['x'], cwd: '/', user: { uid: 0, gid: 0 }, rlimits };
  const limit = plan({ process }).operations.find(([name]) => name === 'limit');
  t.same(limit, ['limit', 4, 0n, 18446744073709551615n]);
});

t.test('layers are named relative to what they have in common', async (t) => {
  t.same(relativeLayers(['/l/b', '/l/a']), { folder: '/l', names: ['b', 'a'] });
  t.same(relativeLayers(['/l/b/fs', '/l/a/fs']), { folder: '/l', names: ['b/fs', 'a/fs'] });
  t.same(relativeLayers(['/x/a', '/y/a']), { folder: '/', names: ['x/a', 'y/a'] });
  t.throws(() => relativeLayers([]), invalid);
});

t.test('number lists and sysctl names', async (t) => {
  t.same(parseNumberList('0-2,7'), [0, 1, 2, 7]);
  for (const text of ['3-1', 'a', '1-', '99999', '1,,2']) t.throws(() => parseNumberList(text));
  t.equal(sysctlPath('net.ipv4.conf.all.forwarding'), 'net/ipv4/conf/all/forwarding');
  t.equal(sysctlPath('net/ipv4/conf/eth0.1/forwarding'), 'net/ipv4/conf/eth0.1/forwarding');
  t.equal(sysctlNamespace('kernel.shmmax'), 'ipc');
  for (const name of ['kernel.core_pattern', 'vm.swappiness', 'net..x', 'net/../x', '', 'fs.x']) {
    t.throws(() => sysctlNamespace(name), invalid, name);
  }
});
