import {
  architectureCalls,
  callsByCapability,
  namespaceFlags,
  ordinaryCalls,
  personalities,
  socketFamilies,
} from './default-seccomp-calls.ts';
import type { SeccompCondition, SeccompProfile, SeccompSyscall } from './seccomp-profile.ts';

export interface DefaultSeccompOptions {
  /** Node's name of the machine; our own when left out. */
  readonly architecture?: string;
}

/**
 * keelson's own profile for containers, in the OCI form: a list of calls that ordinary programs
 * need, all others fail with EPERM. What is left out, and why, stands in docs/seccomp.md.
 * A capability (`CAP_SYS_ADMIN`), of the container's bounding set, opens the calls it rules.
 */
export function defaultSeccomp(
  capabilities: readonly string[],
  options: DefaultSeccompOptions = {},
): SeccompProfile {
  const architecture = options.architecture ?? process.arch;
  const admin = capabilities.includes('CAP_SYS_ADMIN');
  const opened = Object.entries(callsByCapability).flatMap(([capability, calls]) =>
    capabilities.includes(capability) ? calls : [],
  );
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: errnoPermission,
    architectures: architecturesOf(architecture),
    syscalls: [
      allow([...ordinaryCalls, ...(architectureCalls[architecture] ?? [])]),
      ...personalities.map((value) => allow(['personality'], equals(0, value))),
      ...socketFamilies.map((family) => allow(['socket'], lowWordEquals(0, family))),
      ...(admin ? [allow(['clone', 'clone3'])] : withoutNamespaces(architecture)),
      ...(opened.length === 0 ? [] : [allow([...new Set(opened)])]),
    ],
  };
}

const errnoPermission = 1;
const errnoNoCall = 38;

function allow(names: readonly string[], ...args: SeccompCondition[]): SeccompSyscall {
  return { names, action: 'SCMP_ACT_ALLOW', ...(args.length === 0 ? {} : { args }) };
}

function equals(index: number, value: number): SeccompCondition {
  return { index, value, op: 'SCMP_CMP_EQ' };
}

/**
 * Compares the low 32 bits. The kernel takes an int, so a program may set the high half of the
 * register as it likes; a comparison of all 64 bits for "not equal" lets that pass.
 */
function lowWordEquals(index: number, value: number): SeccompCondition {
  return { index, value: 0xffffffff, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' };
}

/**
 * clone without new namespaces. clone3 has its flags in memory, which no filter sees; ENOSYS, not
 * EPERM, makes the C library fall back to clone.
 */
function withoutNamespaces(architecture: string): SeccompSyscall[] {
  const flags = architecture === 's390x' ? 1 : 0;
  const none = { index: flags, value: namespaceFlags, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' };
  return [
    allow(['clone'], none),
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: errnoNoCall },
  ];
}

/** A 64-bit kernel also runs the programs of its 32-bit predecessor. */
function architecturesOf(architecture: string): string[] {
  const all: Readonly<Record<string, readonly string[]>> = {
    x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
    arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
    s390x: ['SCMP_ARCH_S390X', 'SCMP_ARCH_S390'],
  };
  return [...(all[architecture] ?? [])];
}
