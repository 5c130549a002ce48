import { DomainError } from '../../base/error.ts';
import { addon } from '../addon.ts';
import { lastOldSyscall, recentSyscalls } from '../recent-syscalls.ts';
import type { FlatRule } from '../addon/seccomp-addon.ts';
import { planSeccomp, type SeccompPlan } from './seccomp-plan.ts';
import type { SeccompProfile } from './seccomp-profile.ts';
import { auditArchitectures, prologue, type ArchitectureFacts } from './seccomp-prologue.ts';

/** A filter as seccomp(2) takes it. */
export interface SeccompFilter {
  /** An array of `struct sock_filter`, 8 bytes each, at most 4096 of them. */
  readonly program: Buffer;
  /** SECCOMP_FILTER_FLAG_*. */
  readonly flags: number;
}

const maximumInstructions = 4096;

/**
 * Compiles a profile of the OCI runtime specification by libseccomp, off the event loop. Calls
 * that neither libseccomp nor this kernel's table knows are left out, as Docker does; calls newer
 * than every one that the profile names get ENOSYS, so that C libraries fall back.
 *
 * Throws DomainError `invalid` for a profile that is wrong, `unsupported` for a condition on a call
 * that libseccomp does not know, KernelError when libseccomp refuses a rule.
 */
export async function compileSeccomp(profile: SeccompProfile): Promise<SeccompFilter> {
  const plan = planSeccomp(profile);
  const { program, unknown } = await addon.compileSeccomp(
    plan.defaultAction,
    plan.architectures,
    plan.rules,
  );
  const whole = Buffer.concat([prologue(factsOf(plan, new Set(unknown))), program]);
  if (whole.length / 8 > maximumInstructions) {
    throw new DomainError('invalid', `Seccomp profile needs ${whole.length / 8} instructions`);
  }
  return { program: whole, flags: plan.flags };
}

/**
 * Loads a filter onto the calling thread, for good: for an experiment in a worker thread or a
 * process that then execs. Without CAP_SYS_ADMIN call `setNoNewPrivileges` first (EACCES).
 * With SCMP_ACT_NOTIFY rules it returns the listener's descriptor, which the caller closes.
 */
export function loadSeccomp(filter: SeccompFilter): number {
  return addon.loadSeccomp(filter.program, filter.flags);
}

/** The calling thread, and what it starts or execs, gains no privileges any more, for good. */
export function setNoNewPrivileges(): void {
  addon.setNoNewPrivileges();
}

function factsOf(plan: SeccompPlan, unknown: ReadonlySet<string>): ArchitectureFacts[] {
  const names = plan.architectures.length > 0 ? plan.architectures : [nativeArchitecture()];
  const answers = plan.rules.flatMap((rule) => answersOf(rule, unknown));
  const newest = denies(plan.defaultAction) ? newestNamed(plan.rules) : undefined;
  return names.flatMap((name) => {
    const auditArchitecture = auditArchitectures[name];
    if (auditArchitecture === undefined) return [];
    const own = name === 'x86' ? [...answers, ...socketcallAnswer(plan)] : answers;
    return [{ auditArchitecture, answers: own, ...(newest === undefined ? {} : { newest }) }];
  });
}

/** Rules about calls that libseccomp does not know but the table does. */
function answersOf([action, names, conditions]: FlatRule, unknown: ReadonlySet<string>) {
  return names.flatMap((name) => {
    const number = recentSyscalls.get(name);
    if (!unknown.has(name) || number === undefined) return [];
    if (conditions.length > 0) {
      const library = `libseccomp ${addon.seccompVersion()}`;
      throw new DomainError('unsupported', `${library} knows no "${name}" to set conditions on`);
    }
    return [{ number, action }];
  });
}

/** True for an action that fails or kills; ENOSYS need not be said twice. */
function denies(action: number): boolean {
  const enosys = 0x00050026;
  const kind = (action & 0xffff0000) >>> 0;
  return [0, 0x80000000, 0x00030000, 0x00050000].includes(kind) && action !== enosys;
}

function newestNamed(rules: readonly FlatRule[]): number {
  const numbers = rules.flatMap(([, names]) => names.map((name) => recentSyscalls.get(name) ?? 0));
  return numbers.reduce((highest, number) => Math.max(highest, number), lastOldSyscall);
}

/**
 * 32-bit x86 has socket() a second time, inside socketcall, whose arguments lie in memory where no
 * filter sees them; libseccomp opens it for any rule on socket. A profile that restricts socket by
 * its arguments and does not itself name socketcall gets it closed.
 */
function socketcallAnswer(plan: SeccompPlan) {
  const names = (name: string) => plan.rules.filter((rule) => rule[1].includes(name));
  const restricted = names('socket').some(([, , conditions]) => conditions.length > 0);
  if (!restricted || names('socketcall').length > 0) return [];
  return [{ number: 102, action: plan.defaultAction }];
}

function nativeArchitecture(): string {
  const names: Partial<Record<NodeJS.Architecture, string>> = {
    x64: 'x86_64',
    arm64: 'aarch64',
    ia32: 'x86',
    ppc64: 'ppc64le',
  };
  return names[process.arch] ?? process.arch;
}
