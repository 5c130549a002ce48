import { DomainError } from '../../base/error.ts';
import { own } from '../../base/own.ts';
import { operation } from '../../kernel/operation.ts';
import type { PlanBuilder } from './plan-builder.ts';
import type { Linux } from '../spec-linux.ts';
import type { Process } from '../spec.ts';

/** linux/sched.h */
const policies: Readonly<Record<string, number>> = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
};

const schedulerFlags: Readonly<Record<string, number>> = {
  SCHED_FLAG_RESET_ON_FORK: 0x01,
  SCHED_FLAG_RECLAIM: 0x02,
  SCHED_FLAG_DL_OVERRUN: 0x04,
  SCHED_FLAG_KEEP_POLICY: 0x08,
  SCHED_FLAG_KEEP_PARAMS: 0x10,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40,
};

const ioClasses: Readonly<Record<string, number>> = {
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
};

/** linux/mempolicy.h */
const memoryModes: Readonly<Record<string, number>> = {
  MPOL_DEFAULT: 0,
  MPOL_PREFERRED: 1,
  MPOL_BIND: 2,
  MPOL_INTERLEAVE: 3,
  MPOL_LOCAL: 4,
  MPOL_PREFERRED_MANY: 5,
  MPOL_WEIGHTED_INTERLEAVE: 6,
};

const memoryFlags: Readonly<Record<string, number>> = {
  MPOL_F_STATIC_NODES: 0x8000,
  MPOL_F_RELATIVE_NODES: 0x4000,
  MPOL_F_NUMA_BALANCING: 0x2000,
};

const personalities: Readonly<Record<string, number>> = { LINUX: 0, LINUX32: 8 };

/** chrt(1) and ionice(1). */
export function planScheduling(builder: PlanBuilder, process: Process): void {
  const { scheduler, ioPriority } = process;
  if (scheduler !== undefined) {
    const { nice = 0, priority = 0, runtime = 0, deadline = 0, period = 0 } = scheduler;
    const policy = numberOf(policies, scheduler.policy, 'scheduling policy');
    const flags = anyOf(schedulerFlags, scheduler.flags, 'scheduling flag');
    if (nice < -20 || nice > 19) throw new DomainError('invalid', `Nice value ${nice}`);
    const values = { policy, flags, nice, priority, runtime, deadline, period };
    builder.add(operation.scheduler(values));
  }
  if (ioPriority !== undefined) {
    const ioClass = numberOf(ioClasses, ioPriority.class, 'I/O priority class');
    if (!(ioPriority.priority >= 0 && ioPriority.priority <= 7)) {
      throw new DomainError('invalid', `I/O priority ${ioPriority.priority} is not 0 to 7`);
    }
    builder.add(operation.ioPriority(ioClass, ioPriority.priority));
  }
}

/**
 * taskset(1), for an exec alone: `initial` as soon as there is a process, `final` at the end. Where
 * only the first is given, it and the cgroup's processors have the last word together.
 */
export function planAffinity(
  builder: PlanBuilder,
  { execCPUAffinity = {} }: Process,
  when: 'initial' | 'final',
): void {
  const cpus = parseNumberList(execCPUAffinity[when] ?? '');
  if (cpus.length > 0) builder.add(operation.affinity(cpus));
}

/** setarch(8) and numactl(8). */
export function planMachine(builder: PlanBuilder, linux: Linux): void {
  if (linux.personality !== undefined) {
    if ((linux.personality.flags ?? []).length > 0) {
      throw new DomainError('unsupported', 'Flags of a personality');
    }
    const persona = numberOf(personalities, linux.personality.domain, 'personality');
    builder.add(operation.personality(persona));
  }
  if (linux.memoryPolicy !== undefined) {
    const mode = numberOf(memoryModes, linux.memoryPolicy.mode, 'memory policy');
    const flags = anyOf(memoryFlags, linux.memoryPolicy.flags, 'memory policy flag');
    const nodes = parseNumberList(linux.memoryPolicy.nodes ?? '');
    builder.add(operation.memoryPolicy(mode | flags, nodes));
  }
}

/** `0-3,7` to 0, 1, 2, 3, 7. */
export function parseNumberList(text: string): number[] {
  if (text === '') return [];
  return text.split(',').flatMap((part) => {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim());
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? from);
    if (match === null || to < from || to > 1023) {
      throw new DomainError('invalid', `Number list "${text}" is malformed`);
    }
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

function numberOf(table: Readonly<Record<string, number>>, word: string, what: string): number {
  const number = own(table, word);
  if (number === undefined) throw new DomainError('invalid', `No ${what} is named "${word}"`);
  return number;
}

function anyOf(
  table: Readonly<Record<string, number>>,
  words: readonly string[] = [],
  what: string,
): number {
  return words.reduce((all, word) => all | numberOf(table, word, what), 0);
}
