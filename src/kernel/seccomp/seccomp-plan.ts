import { constants } from 'node:os';
import { DomainError } from '../../base/error.ts';
import type { FlatRule } from '../addon/seccomp-addon.ts';
import type { SeccompCondition, SeccompProfile, SeccompSyscall } from './seccomp-profile.ts';

/** A profile with every name turned into a number: what libseccomp is called with. */
export interface SeccompPlan {
  readonly defaultAction: number;
  /** libseccomp's names: x86_64, aarch64. */
  readonly architectures: readonly string[];
  readonly rules: readonly FlatRule[];
  /** SECCOMP_FILTER_FLAG_* for seccomp(2). */
  readonly flags: number;
}

/** Values of linux/seccomp.h; for those that carry one, the low 16 bits hold the errno. */
const actions: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};

const operators: Readonly<Record<string, number>> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};

/** TSYNC is accepted and does nothing: a container's first program has one thread. */
const filterFlags: Readonly<Record<string, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 0,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: 32,
};

const newListener = 8;

/** Throws DomainError `invalid`, naming the value, for what the kernel would not understand. */
export function planSeccomp(profile: SeccompProfile): SeccompPlan {
  const defaultAction = actionOf(profile.defaultAction, profile.defaultErrnoRet);
  if (defaultAction === actions['SCMP_ACT_NOTIFY']) {
    throw new DomainError('invalid', 'SCMP_ACT_NOTIFY cannot be the default action');
  }
  const rules = (profile.syscalls ?? []).map(flatRule).filter(([action]) => {
    // libseccomp refuses a rule that says what happens anyway; in Docker's files there are some.
    return action !== defaultAction;
  });
  const notifies = rules.some(([action]) => action === actions['SCMP_ACT_NOTIFY']);
  if (notifies && profile.listenerPath === undefined) {
    throw new DomainError('invalid', 'SCMP_ACT_NOTIFY needs listenerPath');
  }
  return {
    defaultAction,
    architectures: (profile.architectures ?? []).map(architectureOf),
    rules,
    flags: flagsOf(profile.flags ?? []) | (notifies ? newListener : 0),
  };
}

function actionOf(name: string, errnoRet?: number): number {
  const action = valueOf(actions, name, 'action');
  const carriesErrno = name === 'SCMP_ACT_ERRNO' || name === 'SCMP_ACT_TRACE';
  if (!carriesErrno) return action;
  const errno = errnoRet ?? constants.errno.EPERM;
  if (!Number.isInteger(errno) || errno < 0 || errno > 0xffff) {
    throw new DomainError('invalid', `errnoRet ${errno} is not in the range 0 to 65535`);
  }
  return action | errno;
}

function flatRule(rule: SeccompSyscall): FlatRule {
  if (!Array.isArray(rule.names) || rule.names.length === 0) {
    throw new DomainError('invalid', 'A seccomp rule has no names');
  }
  return [actionOf(rule.action, rule.errnoRet), rule.names, (rule.args ?? []).flatMap(condition)];
}

function condition({ index, op, value, valueTwo }: SeccompCondition): (number | bigint)[] {
  if (!Number.isInteger(index) || index < 0 || index > 5) {
    throw new DomainError('invalid', `Argument ${index} of a seccomp rule is not 0 to 5`);
  }
  const operator = valueOf(operators, op, 'operator');
  return [index, operator, unsigned(value), unsigned(valueTwo ?? 0)];
}

/** A number beyond 2^53 has lost digits when it was read from JSON: better none than another. */
function unsigned(value: number | bigint): bigint {
  const valid = typeof value === 'bigint' || Number.isSafeInteger(value);
  const number = valid ? BigInt(value) : -1n;
  if (number >= 0n && number < 2n ** 64n) return number;
  throw new DomainError('invalid', `Value ${value} of a seccomp rule is no unsigned integer`);
}

function architectureOf(name: string): string {
  const match = /^SCMP_ARCH_([A-Z0-9_]+)$/.exec(name);
  if (match?.[1] === undefined) {
    throw new DomainError('invalid', `"${name}" is no seccomp architecture`);
  }
  return match[1].toLowerCase();
}

function flagsOf(names: readonly string[]): number {
  return names.reduce((flags, name) => {
    return flags | valueOf(filterFlags, name, 'flag');
  }, 0);
}

/** Own fields alone: a profile may say `__proto__`. */
function valueOf(table: Readonly<Record<string, number>>, name: string, kind: string): number {
  const value = Object.hasOwn(table, name) ? table[name] : undefined;
  if (value === undefined) throw new DomainError('invalid', `"${name}" is no seccomp ${kind}`);
  return value;
}
