import { readFileSync } from 'node:fs';
import { isObject } from './json.ts';

/** A process, so that a later one with the same number is not taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks after boot, field 22 of /proc/PID/stat. */
  readonly startTime: string;
  readonly bootId: string;
}

export function ownProcess(): ProcessIdentity {
  own ??= { pid: process.pid, startTime: startTimeOf(process.pid) ?? '', bootId: bootId() };
  return own;
}

/** True while that very process runs. */
export function isProcess(identity: unknown): boolean {
  if (!isObject(identity)) return false;
  const { pid, startTime, bootId: boot } = identity;
  return boot === bootId() && typeof pid === 'number' && startTimeOf(pid) === startTime;
}

/** True while any process has that number. */
export function isRunning(pid: number): boolean {
  return startTimeOf(pid) !== undefined;
}

/** Changes with every start of the machine. */
export function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return boot;
}

let own: ProcessIdentity | undefined;
let boot: string | undefined;

/** Undefined when there is none, or when it has ended and nobody has reaped it yet. */
function startTimeOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name, which may hold spaces and brackets.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
