import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError, hasCode } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { Descriptor } from '../kernel/descriptor.ts';
import { openProcess } from '../kernel/pidfd.ts';
import type { OciRecord } from './record.ts';

/** Field 22 of proc_pid_stat(5), which tells two processes of one number apart. */
export interface ProcessStat {
  readonly state: string;
  readonly startTime: number;
}

/** Undefined when there is no such process. */
export function readStat(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is a name that may hold anything, parentheses too.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTime: Number(fields[19]) };
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

/** True while it runs: one that has ended and waits for its parent does not. */
export function isAlive(pid: number, startTime: number): boolean {
  if (pid <= 0) return false;
  const stat = readStat(pid);
  return stat?.startTime === startTime && !['Z', 'X', 'x'].includes(stat.state);
}

/** This very process and no later one of its number; the caller closes it. */
export function openAlive(pid: number, startTime: number): Descriptor {
  const descriptor = openProcess(pid);
  if (isAlive(pid, startTime)) return descriptor;
  descriptor.close();
  throw new DomainError('notFound', 'container not running');
}

/** It is its caller's to reap; here it is enough that it does nothing any more. */
export async function untilGone({ pid, startTime }: OciRecord): Promise<void> {
  const deadline = Date.now() + limits.killTimeoutMs;
  for (let waitMs = 1; isAlive(pid, startTime); waitMs = Math.min(2 * waitMs, 50)) {
    if (Date.now() > deadline) throw new DomainError('timeout', 'container init still running');
    await delay(waitMs);
  }
}
