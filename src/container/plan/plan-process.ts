import { DomainError } from '../../base/error.ts';
import { operation, type SeccompListener } from '../../kernel/operation.ts';
import { capabilityOperations } from './plan-capabilities.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { planScheduling } from './plan-scheduling.ts';
import type { Process, Rlimit } from '../spec.ts';

export interface ProcessContext {
  /** What the runtime has itself, as a bit mask. */
  readonly capabilities: bigint;
  /** A compiled filter. */
  readonly seccomp?: { readonly program: Uint8Array; readonly flags: number };
  /** Who is told of the calls that the filter hands on. */
  readonly listener?: SeccompListener;
  /** Where keelson's own program is open, for an init that the program is the child of. */
  readonly initSlot?: number;
}

/** Numbers of asm-generic/resource.h; the order is the number. */
const resources = [
  'CPU',
  'FSIZE',
  'DATA',
  'STACK',
  'CORE',
  'RSS',
  'NPROC',
  'NOFILE',
  'MEMLOCK',
  'AS',
  'LOCKS',
  'SIGPENDING',
  'MSGQUEUE',
  'NICE',
  'RTPRIO',
  'RTTIME',
];

const infinity = (1n << 64n) - 1n;

/** What needs the privileges that the program itself will not have. */
export function planLimits(builder: PlanBuilder, process: Process): void {
  const seen = new Set<string>();
  for (const limit of process.rlimits ?? []) {
    if (seen.has(limit.type)) throw new DomainError('invalid', `${limit.type} is given twice`);
    seen.add(limit.type);
    builder.add(operation.limit(resourceOf(limit), limitOf(limit.soft), limitOf(limit.hard)));
  }
  planScheduling(builder, process);
}

/**
 * From root to who the program is, in the one order that works: the filter before the privileges
 * go where no_new_privs is off (loading needs them), and as late as possible where it is on.
 */
export function planIdentity(
  builder: PlanBuilder,
  process: Process,
  context: ProcessContext,
): void {
  const { user } = process;
  const sets = capabilityOperations(process.capabilities, context.capabilities);
  const noNewPrivileges = process.noNewPrivileges === true;
  refuseLabels(process);
  builder.add(operation.umask(user.umask ?? 0o022));
  builder.add(sets.bounding);
  if (!noNewPrivileges) planSeccomp(builder, context);
  builder.add(operation.identity(user.uid, user.gid, groupsOf(process)));
  builder.add(sets.rest);
  builder.add(operation.workingDirectory(process.cwd));
  if (noNewPrivileges) {
    builder.add(operation.noNewPrivileges());
    planSeccomp(builder, context);
  }
  if (context.initSlot !== undefined) builder.add(operation.init(context.initSlot));
  builder.add(operation.execute(process.args, process.env ?? []));
}

export function checkProcess(process: Process): void {
  if (process.args.length === 0) throw new DomainError('invalid', 'The process has no arguments');
  if (!process.cwd.startsWith('/')) {
    throw new DomainError('invalid', `Working directory "${process.cwd}" is not absolute`);
  }
  for (const entry of process.env ?? []) {
    if (entry.includes('\0')) throw new DomainError('invalid', 'The environment has a NUL byte');
  }
  for (const number of [
    process.user.uid,
    process.user.gid,
    ...(process.user.additionalGids ?? []),
  ]) {
    // 4294967295 is -1, which the kernel takes for "leave it as it is", that is, root.
    if (Number.isInteger(number) && number >= 0 && number < 0xffffffff) continue;
    throw new DomainError('invalid', `User or group ${number} is out of range`);
  }
}

/** The primary group is among the supplementary ones, or a file's group could deny it. */
function groupsOf({ user }: Process): number[] {
  return [...new Set([user.gid, ...(user.additionalGids ?? [])])];
}

function planSeccomp(builder: PlanBuilder, { seccomp, listener }: ProcessContext): void {
  if (seccomp === undefined) return;
  if (listener === undefined) builder.add(operation.seccomp(seccomp.flags, seccomp.program));
  else builder.add(operation.seccompListener(seccomp, listener));
}

function refuseLabels(process: Process): void {
  for (const [label, kind] of [
    [process.apparmorProfile, 'AppArmor profile'],
    [process.selinuxLabel, 'SELinux label'],
  ] as const) {
    if (label === undefined || label === '' || label === 'unconfined') continue;
    throw new DomainError('unsupported', `${kind} "${label}" cannot be applied`);
  }
}

function resourceOf({ type }: Rlimit): number {
  const number = resources.indexOf(type.replace(/^RLIMIT_/, ''));
  if (number < 0) throw new DomainError('invalid', `No resource limit is named "${type}"`);
  return number;
}

/** JSON numbers cannot hold RLIM_INFINITY exactly; everything from 2^64 - 2^11 up means it. */
function limitOf(value: number): bigint {
  if (value < 0 || value >= 18446744073709549568) return infinity;
  return BigInt(Math.trunc(value));
}
