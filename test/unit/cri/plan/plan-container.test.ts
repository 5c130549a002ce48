import t from 'tap';
import { maskedPaths, readonlyPaths } from '../../../../src/base/hidden-paths.ts';
import { NamespaceMode, ProfileType } from '../../../../src/cri/generated/runtime.ts';
import { planContainer } from '../../../../src/cri/plan/plan-container.ts';
import { planNamespaces } from '../../../../src/cri/plan/plan-namespaces.ts';
import { planResources } from '../../../../src/cri/plan/plan-resources.ts';
import { planSeccomp, seccompProfile } from '../../../../src/cri/plan/plan-seccomp.ts';
import { planInput } from './plan-input.ts';

const security = (context: object): object => ({ linux: { security_context: context } });

t.test('annotations arrive unchanged, and labels do not become annotations', async (t) => {
  const annotations = { 'a/b': 'c', '': '' };
  const spec = planContainer(planInput({ config: { annotations, labels: { l: '1' } } }));
  t.same(spec.annotations, annotations);
});

t.test('privileged has its eight effects', async (t) => {
  const fuse = { type: 'c', path: '/dev/fuse', major: 10, minor: 229 };
  const spec = planContainer(
    planInput({
      config: security({
        privileged: true,
        masked_paths: ['/proc/kcore'],
        readonly_paths: ['/proc/sys'],
        seccomp: { profile_type: ProfileType.RuntimeDefault },
        apparmor: { profile_type: ProfileType.Localhost, localhost_ref: 'p' },
      }),
      facts: { devices: [{ device: fuse, access: 'rwm' }] },
    }),
  );
  t.ok(spec.process?.capabilities?.effective?.includes('CAP_SYS_ADMIN'), 'all capabilities');
  t.same(spec.linux?.maskedPaths, [], 'nothing masked');
  t.same(spec.linux?.readonlyPaths, [], 'nothing read-only');
  const sys = spec.mounts?.find(({ destination }) => destination === '/sys');
  t.ok(sys?.options?.includes('rw'), 'sysfs can be written');
  t.equal(spec.linux?.seccomp, undefined, 'no seccomp');
  t.equal(spec.process?.apparmorProfile, undefined, 'no AppArmor');
  t.equal(spec.process?.selinuxLabel, undefined, 'no SELinux');
  t.same(spec.linux?.resources?.devices, [{ allow: true, access: 'rwm' }], 'all devices allowed');
  t.same(spec.linux?.devices, [fuse], "the host's devices are there");
});

t.test('not privileged: all devices denied first, then the usual and the asked for', async (t) => {
  const device = { type: 'b', path: '/dev/sda', major: 8, minor: 0 };
  const spec = planContainer(planInput({ facts: { devices: [{ device, access: 'r' }] } }));
  const rules = spec.linux?.resources?.devices ?? [];
  t.same(rules[0], { allow: false, access: 'rwm' });
  t.same(rules.at(-1), { allow: true, type: 'b', major: 8, minor: 0, access: 'r' });
  t.match(
    rules.find(({ major, minor }) => major === 1 && minor === 3),
    { allow: true },
  );
});

t.test("paths are masked by default, and as a security context's lists say", async (t) => {
  t.same(planContainer(planInput()).linux?.maskedPaths, maskedPaths);
  const own = planContainer(planInput({ config: security({ masked_paths: ['/x'] }) }));
  t.same(own.linux?.maskedPaths, ['/x']);
  t.same(own.linux?.readonlyPaths, [], 'an empty list is "none", as unmasked pods send it');
  const cli = planContainer(planInput({ config: security({}), options: {} }));
  t.same(cli.linux?.readonlyPaths, readonlyPaths);
});

t.test('namespaces: the pod its own, mount and cgroup new, PID by the mode', async (t) => {
  const pods = [
    { type: 'network', path: '/run/netns/p' },
    { type: 'ipc', path: '/ns/ipc' },
    { type: 'uts', path: '/ns/uts' },
  ];
  const own = [{ type: 'mount' }, { type: 'cgroup' }];
  t.same(namespacesFor(NamespaceMode.CONTAINER), [...own, { type: 'pid' }, ...pods]);
  t.same(namespacesFor(NamespaceMode.NODE), [...own, ...pods]);
  const shared = { namespaces: { pid: '/ns/pid' } };
  t.same(namespacesFor(NamespaceMode.POD, shared), [...own, { type: 'pid', path: '/ns/pid' }]);
  const target = { facts: { pidNamespace: '/proc/7/ns/pid' } };
  t.same(namespacesFor(NamespaceMode.TARGET, target), [
    ...own,
    { type: 'pid', path: '/proc/7/ns/pid' },
    ...pods,
  ]);
  t.throws(() => namespacesFor(NamespaceMode.TARGET), /TARGET without a running target/);
  t.throws(
    () => namespacesFor(NamespaceMode.POD),
    /no PID namespace that its containers could share/,
  );
});

t.test('a host namespace is one that is not listed', async (t) => {
  const list = planNamespaces(
    planInput({
      namespaces: { uts: '/ns/uts' },
      config: security({ namespace_options: { pid: NamespaceMode.NODE } }),
      options: { host_uts: true, host_cgroup_namespace: true },
    }),
  );
  t.same(list, [{ type: 'mount' }]);
});

t.test('another container its IPC namespace is joined', async (t) => {
  const list = planNamespaces(planInput({ facts: { ipcNamespace: '/proc/9/ns/ipc' } }));
  t.match(
    list.find(({ type }) => type === 'ipc'),
    { path: '/proc/9/ns/ipc' },
  );
});

t.test('seccomp: message over older string; none in the CRI, the default for people', async (t) => {
  const profile = { defaultAction: 'SCMP_ACT_KILL' };
  const plan = (context: object, more = {}): unknown =>
    planSeccomp(planInput({ config: security(context), ...more }), []);
  const standard = { defaultAction: 'SCMP_ACT_ERRNO' };
  t.equal(plan({}), undefined);
  t.same(plan({}, { options: {} }), standard);
  t.same(plan({ seccomp: { profile_type: ProfileType.RuntimeDefault } }), standard);
  t.equal(plan({ seccomp: { profile_type: ProfileType.Unconfined } }, { options: {} }), undefined);
  const local = { seccomp: { profile_type: ProfileType.Localhost, localhost_ref: '/p' } };
  t.match(plan(local, { facts: { seccomp: profile } }), profile);
  const rule = { names: ['mount'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_X'] } };
  const docker = { ...profile, syscalls: [rule] };
  t.same(
    plan(local, { facts: { seccomp: docker } }),
    { ...profile, syscalls: [] },
    "a rule of Docker's form for a capability that the container has not",
  );
  t.throws(() => plan(local), /"\/p" is not read/);
  t.same(plan({ seccomp_profile_path: 'runtime/default' }), standard);
  t.equal(plan({ seccomp_profile_path: 'unconfined' }), undefined);
  const both = { seccomp: { profile_type: 1 }, seccomp_profile_path: 'runtime/default' };
  t.equal(plan(both), undefined, 'the message wins');
  const context = planInput({
    config: security({ seccomp_profile_path: 'localhost//etc/p.json' }),
  }).config.linux?.security_context;
  t.equal(seccompProfile(context)?.localhost_ref, '/etc/p.json');
  t.throws(() => plan({ seccomp_profile_path: 'x' }), /Invalid seccomp profile "x"/);
});

t.test('an AppArmor profile is refused where it could not be applied', async (t) => {
  const input = planInput({ config: security({ apparmor_profile: 'localhost/p' }) });
  t.throws(() => planContainer(input), /Cannot apply an AppArmor profile/);
  const standard = planInput({ config: security({ apparmor: { profile_type: 0 } }) });
  t.ok(planContainer(standard), 'the default one is what there is');
});

t.test('zero resources say nothing; -1 and given ones are kept', async (t) => {
  t.same(resourcesOf({}), {});
  t.same(
    resourcesOf({
      cpu_quota: -1,
      cpu_period: 100000,
      cpu_shares: 2,
      cpuset_cpus: '0-1',
      memory_limit_in_bytes: 268435456,
      memory_swap_limit_in_bytes: 268435456,
      hugepage_limits: [{ page_size: '2MB', limit: 0 }],
      unified: { 'memory.high': '1' },
    }),
    {
      cpu: { quota: -1, period: 100000, shares: 2, cpus: '0-1' },
      memory: { limit: 268435456, swap: 268435456 },
      hugepageLimits: [{ pageSize: '2MB', limit: 0 }],
      unified: { 'memory.high': '1' },
    },
  );
  t.same(planResources(undefined, { pids_limit: 5, memory_reservation_bytes: 9 }), {
    pids: { limit: 5 },
    memory: { reservation: 9 },
  });
});

t.test('domain name, read-only root and cgroup are passed on', async (t) => {
  const spec = planContainer(
    planInput({ config: security({ readonly_rootfs: true }), options: { domainname: 'd' } }),
  );
  t.match(spec, {
    domainname: 'd',
    root: { readonly: true },
    linux: { cgroupsPath: '/keelson/c1' },
  });
});

function namespacesFor(pid: number, more = {}): unknown {
  return planNamespaces(planInput({ config: security({ namespace_options: { pid } }), ...more }));
}

function resourcesOf(resources: object): unknown {
  return planResources(planInput({ config: { linux: { resources } } }).config.linux?.resources);
}
