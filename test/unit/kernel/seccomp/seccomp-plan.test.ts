import t from 'tap';
import { planSeccomp } from '../../../../src/kernel/seccomp/seccomp-plan.ts';
import { reduceDockerProfile, type DockerSeccompProfile } from '../../../../src/index.ts';

const allow = 'SCMP_ACT_ALLOW';
const base = { defaultAction: 'SCMP_ACT_ERRNO' };

t.test('names become the numbers of the kernel', async (t) => {
  const plan = planSeccomp({
    ...base,
    defaultErrnoRet: 38,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    flags: ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW'],
    syscalls: [
      { names: ['read', 'write'], action: allow },
      { names: ['kill'], action: 'SCMP_ACT_KILL_PROCESS' },
      {
        names: ['clone'],
        action: allow,
        args: [{ index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
      },
    ],
  });
  t.same(plan, {
    defaultAction: 0x00050026,
    architectures: ['x86_64', 'x86'],
    flags: 6,
    rules: [
      [0x7fff0000, ['read', 'write'], []],
      [0x80000000, ['kill'], []],
      [0x7fff0000, ['clone'], [0, 7, 0x7e020000n, 0n]],
    ],
  });
});

t.test('a rule that says the default is left out', async (t) => {
  const rules = [
    { names: ['bpf'], action: 'SCMP_ACT_ERRNO' },
    { names: ['keyctl'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
  ];
  t.same(planSeccomp({ ...base, syscalls: rules }).rules, [[0x00050026, ['keyctl'], []]]);
});

t.test('notify needs a listener and asks the kernel for one', async (t) => {
  const syscalls = [{ names: ['mount'], action: 'SCMP_ACT_NOTIFY' }];
  t.throws(() => planSeccomp({ ...base, syscalls }), { message: /needs listenerPath/ });
  t.equal(planSeccomp({ ...base, syscalls, listenerPath: '/run/x' }).flags, 8);
  t.throws(() => planSeccomp({ defaultAction: 'SCMP_ACT_NOTIFY' }), { message: /default/ });
});

t.test('what the kernel would not understand is named', async (t) => {
  const rule = (args: { index: number; value: number | bigint; op: string }) => ({
    ...base,
    syscalls: [{ names: ['read'], action: allow, args: [args] }],
  });
  const op = 'SCMP_CMP_EQ';
  const cases = [
    [{ defaultAction: 'ALLOW' }, '"ALLOW" is no seccomp action'],
    [{ ...base, defaultErrnoRet: 70_000 }, 'errnoRet 70000 is not in the range 0 to 65535'],
    [{ ...base, flags: ['LOG'] }, '"LOG" is no seccomp flag'],
    [{ ...base, architectures: ['x86'] }, '"x86" is no seccomp architecture'],
    [{ ...base, syscalls: [{ names: [], action: allow }] }, 'A seccomp rule has no names'],
    [rule({ index: 6, value: 0, op }), 'Argument 6 of a seccomp rule is not 0 to 5'],
    [rule({ index: 0, value: 0, op: 'EQ' }), '"EQ" is no seccomp operator'],
    [rule({ index: 0, value: -1, op }), 'Value -1 of a seccomp rule is no unsigned integer'],
    [rule({ index: 0, value: 2 ** 63, op }), /is no unsigned integer/],
    [rule({ index: 0, value: 2n ** 64n, op }), /is no unsigned integer/],
  ] as const;
  for (const [profile, message] of cases) t.throws(() => planSeccomp(profile), { message });
});

const docker: DockerSeccompProfile = {
  ...base,
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ],
  syscalls: [
    { names: ['read'], action: allow },
    { name: 'old', action: allow },
    { names: ['ptrace'], action: allow, includes: { minKernel: '4.8' } },
    { names: ['bpf'], action: allow, includes: { caps: ['CAP_SYS_ADMIN', 'CAP_BPF'] } },
    { names: ['clone'], action: allow, excludes: { caps: ['CAP_SYS_ADMIN'] } },
    { names: ['arch_prctl'], action: allow, includes: { arches: ['amd64', 'x32'] } },
    { names: ['other'], action: allow, excludes: { arches: ['amd64'] } },
  ],
};

const names = (capabilities: string[], architecture = 'x64', kernel = '6.1.0-18-amd64') =>
  reduceDockerProfile(docker, { capabilities, architecture, kernel }).syscalls?.flatMap(
    (rule) => rule.names,
  );

t.test("Docker's conditions choose rules by machine, kernel and capabilities", async (t) => {
  t.same(names([]), ['read', 'old', 'ptrace', 'clone', 'arch_prctl']);
  t.same(names(['CAP_SYS_ADMIN']), ['read', 'old', 'ptrace', 'arch_prctl'], 'one is not both');
  t.same(names(['CAP_SYS_ADMIN', 'CAP_BPF']), ['read', 'old', 'ptrace', 'bpf', 'arch_prctl']);
  t.same(names([], 'arm64'), ['read', 'old', 'ptrace', 'clone', 'other']);
  t.same(names([], 'x64', '4.7.9'), ['read', 'old', 'clone', 'arch_prctl']);
  t.same(names([], 'x64', '4.10'), ['read', 'old', 'ptrace', 'clone', 'arch_prctl'], '10 > 8');
});

t.test('the reduced profile is plain OCI', async (t) => {
  const target = { capabilities: [], architecture: 'arm64', kernel: '6.1' };
  const reduced = reduceDockerProfile(docker, target);
  t.same(reduced.architectures, ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
  t.notOk('archMap' in reduced);
  for (const rule of reduced.syscalls ?? [])
    t.same(Object.keys(rule).toSorted(), ['action', 'names']);
  const both = { ...docker, architectures: ['SCMP_ARCH_X86'] };
  t.throws(() => reduceDockerProfile(both, target), { message: /either architectures or archMap/ });
});
