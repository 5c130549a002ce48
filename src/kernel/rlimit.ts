import { DomainError, isKernelError } from '../base/error.ts';
import { addon } from './addon.ts';

/** Resources by their numbers in asm-generic/resource.h, the same on all of ours. */
const resources = [
  'RLIMIT_CPU',
  'RLIMIT_FSIZE',
  'RLIMIT_DATA',
  'RLIMIT_STACK',
  'RLIMIT_CORE',
  'RLIMIT_RSS',
  'RLIMIT_NPROC',
  'RLIMIT_NOFILE',
  'RLIMIT_MEMLOCK',
  'RLIMIT_AS',
  'RLIMIT_LOCKS',
  'RLIMIT_SIGPENDING',
  'RLIMIT_MSGQUEUE',
  'RLIMIT_NICE',
  'RLIMIT_RTPRIO',
  'RLIMIT_RTTIME',
] as const;

export type ResourceName = (typeof resources)[number];
export const resourceNames: readonly ResourceName[] = resources;

/** Undefined stands for no limit. Bytes, seconds or counts, by resource: getrlimit(2). */
export interface ResourceLimit {
  readonly soft: bigint | undefined;
  readonly hard: bigint | undefined;
}

/** A resource's number by its name, `RLIMIT_NOFILE` or, as ulimit files have it, `nofile`. */
export function resourceNumber(name: string): number {
  const upper = name.toUpperCase();
  const whole = upper.startsWith('RLIMIT_') ? upper : `RLIMIT_${upper}`;
  const number = resources.findIndex((each) => each === whole);
  if (number < 0) throw new DomainError('invalid', `"${name}" is no resource limit`);
  return number;
}

/** A limit of a process, 0 for our own. Equivalent: `prlimit --pid PID --nofile`. */
export function getResourceLimit(pid: number, resource: ResourceName): ResourceLimit {
  return toLimit(addon.prlimit(pid, resourceNumber(resource)));
}

/**
 * Sets a limit of any process, and returns the one before. Raising a hard limit needs
 * CAP_SYS_RESOURCE (DomainError `unsupported`, naming it); ESRCH when the process has ended.
 */
export function setResourceLimit(
  pid: number,
  resource: ResourceName,
  limit: ResourceLimit,
): ResourceLimit {
  const number = resourceNumber(resource);
  try {
    return toLimit(addon.prlimit(pid, number, fromLimit(limit.soft), fromLimit(limit.hard)));
  } catch (cause) {
    if (!isKernelError(cause, 'EPERM')) throw cause;
    const message = `Cannot raise ${resource} of process ${pid}: CAP_SYS_RESOURCE is needed`;
    throw new DomainError('unsupported', message, { cause });
  }
}

const infinity = 2n ** 64n - 1n;

function toLimit([soft = infinity, hard = infinity]: BigUint64Array): ResourceLimit {
  return {
    soft: soft === infinity ? undefined : soft,
    hard: hard === infinity ? undefined : hard,
  };
}

function fromLimit(limit: bigint | undefined): bigint {
  if (limit !== undefined && (limit < 0n || limit > infinity)) {
    throw new DomainError('invalid', `Resource limit ${limit} is not in the range of 64 bits`);
  }
  return limit ?? infinity;
}
