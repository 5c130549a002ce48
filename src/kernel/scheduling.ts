import { readFileSync, writeFileSync } from 'node:fs';
import { DomainError, hasCode } from '../base/error.ts';
import { addon } from './addon.ts';

/** Policies by their names in sched.h. */
const policies = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
} as const;

export type SchedulingPolicy = keyof typeof policies;

const schedulingFlags = {
  SCHED_FLAG_RESET_ON_FORK: 0x01,
  SCHED_FLAG_RECLAIM: 0x02,
  SCHED_FLAG_DL_OVERRUN: 0x04,
  SCHED_FLAG_KEEP_POLICY: 0x08,
  SCHED_FLAG_KEEP_PARAMS: 0x10,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40,
} as const;

export type SchedulingFlag = keyof typeof schedulingFlags;

/** How the kernel shares out processors to a thread, sched_setattr(2). */
export interface Scheduling {
  readonly policy: SchedulingPolicy;
  /** -20 to 19; OTHER and BATCH. */
  readonly nice?: number;
  /** 1 to 99; FIFO and RR. */
  readonly priority?: number;
  /** DEADLINE alone, in nanoseconds. */
  readonly runtimeNs?: number;
  readonly deadlineNs?: number;
  readonly periodNs?: number;
  readonly flags?: readonly SchedulingFlag[];
}

/** Of a thread, 0 for the calling one. Equivalent: `chrt -p TID`. */
export function getScheduling(tid: number): Scheduling {
  const [policy, flags = 0, nice = 0, priority = 0, runtimeNs = 0, deadlineNs = 0, periodNs = 0] =
    addon.schedGetattr(tid);
  const name = namesOf(policies).find((each) => policies[each] === policy);
  if (name === undefined) {
    throw new DomainError('unsupported', `Thread ${tid} has scheduling policy ${policy}`);
  }
  const set = namesOf(schedulingFlags).filter((each) => flags & schedulingFlags[each]);
  return { policy: name, nice, priority, runtimeNs, deadlineNs, periodNs, flags: set };
}

/** EPERM without CAP_SYS_NICE for a better place than before; EINVAL for a wrong combination. */
export function setScheduling(tid: number, scheduling: Scheduling): void {
  const { policy, nice = 0, priority = 0, flags = [] } = scheduling;
  const { runtimeNs = 0, deadlineNs = 0, periodNs = 0 } = scheduling;
  const mask = flags.reduce((all, each) => all | schedulingFlags[each], 0);
  const fields = [policies[policy], mask, nice, priority, runtimeNs, deadlineNs, periodNs];
  addon.schedSetattr(tid, ...fields);
}

/** The processors a thread may run on. Equivalent: `taskset -cp TID`. */
export function getAffinity(tid: number): number[] {
  const mask = addon.getAffinity(tid);
  return [...mask].flatMap((byte, index) =>
    [0, 1, 2, 3, 4, 5, 6, 7].flatMap((bit) => (byte & (1 << bit) ? [8 * index + bit] : [])),
  );
}

/** EINVAL when none of them is online and in the thread's cpuset. */
export function setAffinity(tid: number, processors: readonly number[]): void {
  const mask = Buffer.alloc(1024);
  for (const each of processors) {
    if (!Number.isInteger(each) || each < 0 || each >= 8 * mask.length) {
      throw new DomainError('invalid', `${each} is no processor's number`);
    }
    const index = Math.floor(each / 8);
    mask.writeUInt8(mask.readUInt8(index) | (1 << (each % 8)), index);
  }
  addon.setAffinity(tid, mask);
}

const ioClasses = ['none', 'realtime', 'best-effort', 'idle'] as const;

/** Disk priority: level 0 (first) to 7. `none` follows the nice value. */
export interface IoPriority {
  readonly class: (typeof ioClasses)[number];
  readonly level: number;
}

/** Of a thread, 0 for the calling one. Equivalent: `ionice -p TID`. */
export function getIoPriority(tid: number): IoPriority {
  const value = addon.ioprioGet(tid);
  return { class: ioClasses[value >> 13] ?? 'none', level: value & 7 };
}

/** `realtime` needs CAP_SYS_NICE (EPERM). */
export function setIoPriority(tid: number, priority: IoPriority): void {
  addon.ioprioSet(tid, (ioClasses.indexOf(priority.class) << 13) | priority.level);
}

/** How readily the kernel kills a process when memory runs out: -1000 (never) to 1000. */
export function getOomScoreAdjustment(pid: number | 'self'): number {
  return Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));
}

/** Lowering it needs CAP_SYS_RESOURCE: DomainError `unsupported` without. */
export function setOomScoreAdjustment(pid: number | 'self', adjustment: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(adjustment), { flag: 'r+' });
  } catch (cause) {
    if (!hasCode(cause, 'EACCES', 'EPERM')) throw cause;
    const message = `Cannot lower oom_score_adj of process ${pid}: CAP_SYS_RESOURCE is needed`;
    throw new DomainError('unsupported', message, { cause });
  }
}

function namesOf<Name extends string>(table: Readonly<Record<Name, number>>): Name[] {
  return Object.keys(table) as Name[];
}
