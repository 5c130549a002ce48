import { DomainError, hasCode, isDomainError } from '../base/error.ts';
import { fault } from '../base/fault.ts';
import { limits } from '../base/limits.ts';
import { signalNumber } from '../kernel/signal.ts';
import type { Container } from './container.ts';
import { endsWithin } from './ends-within.ts';
import type { EngineContext } from './engine-context.ts';
import { resumeContainer } from './freeze-container.ts';

/**
 * Sends the signal, waits, then kills the whole cgroup; bounded at each step, and done when nothing
 * of the container runs. Succeeds when it has ended already.
 */
export async function stopContainer(
  context: EngineContext,
  container: Container,
  options: { readonly signal: string; readonly timeoutMs: number },
): Promise<void> {
  const number = signalNumber(options.signal);
  if (container.record.finishedAtMs > 0) return;
  if (container.phase === 'running' && options.timeoutMs > 0) {
    await thaw(context, container);
    await signalContainer(context, container, number);
    fault('container.stop.after-signal');
    if (await endsWithin(container, options.timeoutMs)) return;
  }
  await killContainer(context, container);
}

/** To the first process alone; none when it has ended. */
export async function signalContainer(
  context: EngineContext,
  container: Container,
  signal: number,
): Promise<void> {
  const shim = await context.shims.find(container.request.podId);
  try {
    await shim?.signal(container.id, '', signal);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** SIGKILL to everything in the cgroup; a frozen one dies as well. */
export async function killContainer(context: EngineContext, container: Container): Promise<void> {
  const timeoutMs = limits.killTimeoutMs;
  // A process that waits to be started is in no cgroup's way, but not every shim is in ours.
  await signalContainer(context, container, 9);
  try {
    using cgroup = context.hierarchy.open(container.request.cgroupPath);
    await cgroup.kill({ timeoutMs });
  } catch (error) {
    if (!isDomainError(error, 'notFound')) throw error;
  }
  if (await endsWithin(container, timeoutMs)) return;
  throw new DomainError('timeout', `Container "${container.id}" does not end when it is killed`);
}

async function thaw(context: EngineContext, container: Container): Promise<void> {
  if (container.paused) await resumeContainer(context, container);
}
