import { reduceDockerProfile } from '../../../src/kernel/seccomp/seccomp-profile.ts';
import { readSeccompProfile } from '../../../src/kernel/seccomp/read-seccomp-profile.ts';
import { planSeccomp } from '../../../src/kernel/seccomp/seccomp-plan.ts';
import { hold, type FuzzTarget } from '../fuzz-target.ts';

/** seccomp profiles in Docker's and the OCI's form, from a file to what libseccomp is told. */
export const target: FuzzTarget = {
  run(input) {
    const profile = readSeccompProfile(input.toString(), 'profile');
    const capabilities = ['CAP_SYS_ADMIN'];
    const machine = { capabilities, architecture: 'x64', kernel: '6.1.0-18-amd64' };
    const { rules, architectures } = planSeccomp(reduceDockerProfile(profile, machine));
    for (const [action, names, conditions] of rules) {
      hold(Number.isInteger(action), 'an action is a number');
      hold(
        names.every((name) => typeof name === 'string'),
        'a call has a name',
      );
      hold(conditions.length % 4 === 0, 'a condition has four numbers');
    }
    hold(
      architectures.every((name) => typeof name === 'string'),
      'an architecture has a name',
    );
  },
  seeds: [
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 1,
      archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      syscalls: [
        { names: ['read'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '4.8' } },
        {
          name: 'clone',
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 0, value: 2114060288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
          excludes: { caps: ['CAP_SYS_ADMIN'], arches: ['s390x'] },
        },
      ],
    }),
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: ['SCMP_ARCH_AARCH64'],
      syscalls: [{ names: ['reboot', 'x'], action: 'SCMP_ACT_KILL_PROCESS' }],
    }),
  ],
  words: ['syscalls', 'names', 'args', 'includes', 'caps', 'SCMP_ACT_NOTIFY', 'listenerPath'],
  json: true,
};
