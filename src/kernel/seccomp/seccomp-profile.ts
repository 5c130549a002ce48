import { DomainError } from '../../base/error.ts';

/** The `linux.seccomp` section of the OCI runtime specification. */
export interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  /** `SCMP_ARCH_X86_64` and the like; the machine's own when left out. */
  readonly architectures?: readonly string[];
  readonly flags?: readonly string[];
  readonly listenerPath?: string;
  readonly listenerMetadata?: string;
  readonly syscalls?: readonly SeccompSyscall[];
}

export interface SeccompSyscall {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompCondition[];
}

export interface SeccompCondition {
  /** Which argument, 0 to 5. */
  readonly index: number;
  readonly value: number | bigint;
  readonly valueTwo?: number | bigint;
  /** `SCMP_CMP_EQ`, `_NE`, `_LT`, `_LE`, `_GE`, `_GT`, or `_MASKED_EQ` (value is the mask). */
  readonly op: string;
}

/** Docker's and Podman's files: one file for all machines and capabilities. */
export interface DockerSeccompProfile extends Omit<SeccompProfile, 'syscalls'> {
  readonly archMap?: readonly {
    readonly architecture: string;
    readonly subArchitectures?: readonly string[];
  }[];
  readonly syscalls?: readonly DockerSeccompSyscall[];
}

export interface DockerSeccompSyscall extends Omit<SeccompSyscall, 'names'> {
  readonly names?: readonly string[];
  /** One name, in old files. */
  readonly name?: string;
  readonly includes?: DockerCondition;
  readonly excludes?: DockerCondition;
}

export interface DockerCondition {
  readonly caps?: readonly string[];
  /** As Go names them: amd64, arm64. */
  readonly arches?: readonly string[];
  /** `4.8`: this kernel or a newer one. */
  readonly minKernel?: string;
}

/** What a Docker profile is reduced for. */
export interface SeccompTarget {
  /** `CAP_SYS_ADMIN` and the like, of the bounding set. */
  readonly capabilities: readonly string[];
  /** Node's `process.arch`. */
  readonly architecture: string;
  /** `6.1.0-18-amd64`, as `uname -r` prints it. */
  readonly kernel: string;
}

/** Node's names of architectures, Go's and those of libseccomp's constants. */
const architectures: readonly { node: string; go: string; scmp: string }[] = [
  { node: 'x64', go: 'amd64', scmp: 'SCMP_ARCH_X86_64' },
  { node: 'arm64', go: 'arm64', scmp: 'SCMP_ARCH_AARCH64' },
  { node: 'arm', go: 'arm', scmp: 'SCMP_ARCH_ARM' },
  { node: 'ia32', go: '386', scmp: 'SCMP_ARCH_X86' },
  { node: 'ppc64', go: 'ppc64le', scmp: 'SCMP_ARCH_PPC64LE' },
  { node: 's390x', go: 's390x', scmp: 'SCMP_ARCH_S390X' },
  { node: 'riscv64', go: 'riscv64', scmp: 'SCMP_ARCH_RISCV64' },
  { node: 'loong64', go: 'loong64', scmp: 'SCMP_ARCH_LOONGARCH64' },
];

/**
 * Docker's file reduced to the OCI form for one machine and one set of capabilities, by Docker's
 * rules: a rule counts when all of `includes` hold and none of `excludes` does. A profile that is
 * in the OCI form already stays as it is.
 */
export function reduceDockerProfile(
  profile: DockerSeccompProfile,
  target: SeccompTarget,
): SeccompProfile {
  const { archMap, syscalls = [], ...rest } = profile;
  if (archMap !== undefined && (profile.architectures ?? []).length > 0) {
    throw new DomainError('invalid', 'A seccomp profile has either architectures or archMap');
  }
  const own = architectures.find(({ node }) => node === target.architecture);
  const mapped = archMap?.find(({ architecture }) => architecture === own?.scmp);
  return {
    ...rest,
    ...(mapped === undefined
      ? {}
      : { architectures: [mapped.architecture, ...(mapped.subArchitectures ?? [])] }),
    syscalls: syscalls
      .filter((rule) => applies(rule, own?.go ?? '', target))
      .map(withoutConditions),
  };
}

function applies(rule: DockerSeccompSyscall, architecture: string, target: SeccompTarget): boolean {
  const { includes = {}, excludes = {} } = rule;
  const has = (capability: string) => target.capabilities.includes(capability);
  if (includes.arches?.length && !includes.arches.includes(architecture)) return false;
  if (excludes.arches?.includes(architecture)) return false;
  if (!(includes.caps ?? []).every(has) || (excludes.caps ?? []).some(has)) return false;
  if (includes.minKernel && !isAtLeast(target.kernel, includes.minKernel)) return false;
  return !(excludes.minKernel && isAtLeast(target.kernel, excludes.minKernel));
}

function withoutConditions(rule: DockerSeccompSyscall): SeccompSyscall {
  const { name, includes: _in, excludes: _ex, names = [], ...rest } = rule;
  return { ...rest, names: name === undefined ? names : [name, ...names] };
}

/** Compares major and minor numbers, as Docker does. */
function isAtLeast(kernel: string, minimum: string): boolean {
  const [have, want] = [versionOf(kernel), versionOf(minimum)];
  return have.major > want.major || (have.major === want.major && have.minor >= want.minor);
}

function versionOf(release: string): { major: number; minor: number } {
  const match = /^(\d+)\.(\d+)/.exec(release);
  if (match === null) throw new DomainError('invalid', `"${release}" is no kernel version`);
  return { major: Number(match[1]), minor: Number(match[2]) };
}
