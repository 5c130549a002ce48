import { mountWords } from '../container/mount-option.ts';
import { kernelCapabilities } from '../kernel/capability.ts';
import type { Call } from './call.ts';

/** `features`: the document of features.md of the OCI runtime specification. */
export function features(call: Call): void {
  call.client.write(`${JSON.stringify(featuresDocument(), null, 4)}\n`);
  call.client.exit(0);
}

export function featuresDocument(): object {
  return {
    ociVersionMin: '1.0.0',
    ociVersionMax: '1.3.0',
    hooks: [
      'prestart',
      'createRuntime',
      'createContainer',
      'startContainer',
      'poststart',
      'poststop',
    ],
    mountOptions: mountWords(),
    linux: {
      namespaces: ['cgroup', 'ipc', 'mount', 'network', 'pid', 'time', 'user', 'uts'],
      capabilities: kernelCapabilities(),
      cgroup: { v1: false, v2: true, systemd: true, systemdUser: false, rdma: true },
      seccomp: {
        enabled: true,
        actions: seccompActions.map((word) => `SCMP_ACT_${word}`),
        operators: seccompOperators.map((word) => `SCMP_CMP_${word}`),
        archs: seccompArchitectures.map((word) => `SCMP_ARCH_${word}`),
        knownFlags: seccompFlags,
        supportedFlags: seccompFlags,
      },
      apparmor: { enabled: false },
      selinux: { enabled: false },
      intelRdt: { enabled: false },
      mountExtensions: { idmap: { enabled: true } },
      netDevices: { enabled: true },
    },
    annotations: { 'org.opencontainers.runc.checkpoint.enabled': 'false' },
  };
}

const seccompActions = [
  'ALLOW',
  'ERRNO',
  'KILL',
  'KILL_PROCESS',
  'KILL_THREAD',
  'LOG',
  'TRACE',
  'TRAP',
];
const seccompOperators = ['EQ', 'GE', 'GT', 'LE', 'LT', 'MASKED_EQ', 'NE'];
const seccompArchitectures = [
  'AARCH64',
  'ARM',
  'MIPS',
  'MIPS64',
  'MIPS64N32',
  'MIPSEL',
  'MIPSEL64',
  'MIPSEL64N32',
  'PPC',
  'PPC64',
  'PPC64LE',
  'S390',
  'S390X',
  'X32',
  'X86',
  'X86_64',
];
const seccompFlags = [
  'SECCOMP_FILTER_FLAG_TSYNC',
  'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
  'SECCOMP_FILTER_FLAG_LOG',
];
