import { DomainError } from '../base/error.ts';
import { addon } from './addon.ts';

/** Every wait has an end: a time, a signal, or both. */
export type WaitLimit =
  | { readonly timeoutMs: number; readonly signal?: AbortSignal }
  | { readonly signal: AbortSignal; readonly timeoutMs?: number };

/**
 * Waits until reading would not block: data, end of file or an error is there; on a pidfd, until
 * the process has ended; on a listening socket, until a client has come. The descriptor stays the
 * caller's, who may close it meanwhile.
 * Throws DomainError `timeout`; the signal's reason when aborted; KernelError EPERM for a regular
 * file, which never blocks.
 */
export async function readable(fd: number, limit: WaitLimit): Promise<void> {
  await ready(fd, { ...limit, writing: false });
}

/** The same for writing; on a socket that connects, until that has ended, well or not. */
export async function writable(fd: number, limit: WaitLimit): Promise<void> {
  await ready(fd, { ...limit, writing: true });
}

interface Wait {
  readonly writing: boolean;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

async function ready(fd: number, { writing, timeoutMs, signal }: Wait): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = addon.whenReady(fd, writing, resolve);
  let waiting = true;
  const giveUp = (reason: unknown) => {
    if (!waiting) return;
    waiting = false;
    stop();
    reject(reason instanceof Error ? reason : new Error(String(reason)));
  };
  const abort = () => giveUp(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => giveUp(timedOut(fd, timeoutMs)), timeoutMs);
  try {
    await promise;
  } finally {
    waiting = false;
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

function timedOut(fd: number, timeoutMs: number): DomainError {
  return new DomainError('timeout', `Descriptor ${fd} was not ready within ${timeoutMs} ms`);
}
