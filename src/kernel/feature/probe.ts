import { readFileSync } from 'node:fs';
import { constants, release } from 'node:os';
import { KernelError, messageOf } from '../../base/error.ts';
import { addon } from '../addon.ts';
import { recentSyscalls } from '../recent-syscalls.ts';

/** Something that the kernel or the machine offers, or does not. */
export interface Feature {
  /** Short and stable, for programs: `overlay`, `namespace-user`. */
  readonly name: string;
  readonly available: boolean;
  /** What was found: a version, a list, or the error of the call. */
  readonly detail: string;
  /** What follows for keelson, as it is here. */
  readonly consequence: string;
}

/** What a probe found. */
export interface Finding {
  readonly available: boolean;
  readonly detail: string;
}

/** What follows when it is there, and when it is not. */
export interface Consequences {
  readonly present: string;
  readonly absent: string;
}

export function feature(name: string, finding: Finding, consequences: Consequences): Feature {
  const consequence = finding.available ? consequences.present : consequences.absent;
  return { name, ...finding, consequence };
}

/** Whether the kernel has a call of the recent ones; EOPNOTSUPP: built in, but turned off. */
export function callFinding(name: string): Finding {
  const number = recentSyscalls.get(name) ?? -1;
  const errno = addon.probeCall(number);
  const { ENOSYS, EOPNOTSUPP } = constants.errno;
  if (errno === ENOSYS || errno === EOPNOTSUPP) {
    return { available: false, detail: `Linux ${release()} has no ${name}` };
  }
  return { available: true, detail: `${name} is there` };
}

/** Whether something can be done, by doing it. */
export function attempt(detail: string, act: () => unknown): Finding {
  try {
    act();
    return { available: true, detail };
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return { available: false, detail: messageOf(error) };
  }
}

/** A file's first line; undefined when it cannot be read, for instance because it is not there. */
export function firstLine(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').split('\n', 1)[0];
  } catch {
    return undefined;
  }
}

/** For what has no probe: whether the running kernel is this version or a newer one. */
export function kernelFinding(major: number, minor: number): Finding {
  const [ours = 0, second = 0] = release().split('.').map(Number);
  const available = ours > major || (ours === major && second >= minor);
  return { available, detail: `Linux ${release()}, needs ${major}.${minor}` };
}
