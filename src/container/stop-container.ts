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
    const sent = await signalled(context, container, number);
    fault('container.stop.after-signal');
    if (sent && (await endsInTime(container, options.timeoutMs))) return;
  }
  await killContainer(context, container);
}

/** Stops that wait for their container to end, each to be cut by a later one. */
const waiting = new WeakMap<Container, (timeoutMs: number) => void>();

/** A stop that waits has at most so much time from now: whoever comes later cannot wait for it. */
export function hurryStop(container: Container, timeoutMs: number): void {
  waiting.get(container)?.(timeoutMs);
}

/** False when it has not ended in time, or in what a later stop left of it. */
async function endsInTime(container: Container, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  waiting.set(container, (leftMs) => {
    if (leftMs < timeoutMs) resolve(endsWithin(container, leftMs));
  });
  try {
    return await Promise.race([endsWithin(container, timeoutMs), promise]);
  } finally {
    waiting.delete(container);
  }
}

/** False where the shim does not answer: then only the kernel can end it. */
async function signalled(
  context: EngineContext,
  container: Container,
  signal: number,
): Promise<boolean> {
  try {
    await signalContainer(context, container, signal);
    return true;
  } catch (error) {
    if (isDomainError(error, 'timeout')) return false;
    throw error;
  }
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
  // By the shim too: what another runtime made may be in no cgroup of ours. It may not answer.
  const signals = signalContainer(context, container, 9);
  const [cgroup, signal] = await Promise.allSettled([
    killCgroup(context, container, timeoutMs),
    Promise.race([signals, container.ended]),
  ]);
  if (cgroup.status === 'rejected') throw cgroup.reason;
  if (await endsWithin(container, signal.status === 'rejected' ? 0 : timeoutMs)) return;
  if (signal.status === 'rejected') throw signal.reason;
  throw new DomainError('timeout', `Container "${container.id}" does not end when it is killed`);
}

async function killCgroup(
  { hierarchy }: EngineContext,
  { request }: Container,
  timeoutMs: number,
): Promise<void> {
  try {
    using cgroup = hierarchy.open(request.cgroupPath);
    await cgroup.kill({ timeoutMs });
  } catch (error) {
    if (!isDomainError(error, 'notFound')) throw error;
  }
}

async function thaw(context: EngineContext, container: Container): Promise<void> {
  if (container.paused) await resumeContainer(context, container);
}
