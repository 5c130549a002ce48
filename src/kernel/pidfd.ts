import { DomainError, isKernelError } from '../base/error.ts';
import { addon } from './addon.ts';
import { Descriptor } from './descriptor.ts';
import { readable, type WaitLimit } from './readiness.ts';
import { signalNumber } from './signal.ts';

/**
 * Opens a process by its number, pidfd_open(2): the descriptor means this process for ever, while
 * the number may go to another once it has ended. DomainError `notFound` when there is none.
 * The number must be a process's, not a further thread's (EINVAL).
 */
export function openProcess(pid: number): Descriptor {
  try {
    return new Descriptor(addon.pidfdOpen(pid, 0));
  } catch (cause) {
    if (!isKernelError(cause, 'ESRCH')) throw cause;
    throw new DomainError('notFound', `Process ${pid} does not exist`, { cause });
  }
}

/**
 * Sends a signal. Returns false when the process has ended and been collected; one that has only
 * ended takes it without effect. EPERM for a process of another user. Equivalent: `kill -SIGNAL`.
 */
export function signalProcess(pidfd: number, signal: string | number): boolean {
  try {
    addon.pidfdSendSignal(pidfd, signalNumber(signal));
    return true;
  } catch (error) {
    if (isKernelError(error, 'ESRCH')) return false;
    throw error;
  }
}

/**
 * A copy of another process's descriptor, pidfd_getfd(2): the same open file. Needs the right to
 * trace it (EPERM); EBADF when it has no such descriptor.
 */
export function copyDescriptorOf(pidfd: number, fd: number): Descriptor {
  return new Descriptor(addon.pidfdGetfd(pidfd, fd));
}

/** Waits until a process, a child or not, has ended. Of a child, the status is left to `reap`. */
export async function processEnd(pidfd: number, limit: WaitLimit): Promise<void> {
  await readable(pidfd, limit);
}

/** How a child ended: with a code, or by a signal. */
export type ExitStatus = { readonly code: number } | { readonly signal: number; dumped: boolean };

/**
 * Collects an ended child, waitid(2); undefined while it runs. Never for a child of Node's
 * `child_process`, which collects its own. KernelError ECHILD when it is no child of ours, or
 * collected already.
 */
export function reap(pidfd: number): ExitStatus | undefined {
  const ended = addon.waitPidfd(pidfd);
  if (ended === undefined) return undefined;
  if (ended.exited) return { code: ended.status };
  return { signal: ended.status, dumped: ended.dumped };
}
