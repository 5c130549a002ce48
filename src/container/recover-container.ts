import { isDomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import type { SupervisedProcess } from '../kernel/supervised-process.ts';
import type { Supervisor } from '../kernel/supervisor.ts';
import { endInterruptedCapture } from './checkpoint/interrupted.ts';
import type { Container } from './container.ts';
import { discardContainer } from './discard-container.ts';
import type { EngineContext } from './engine-context.ts';
import { isForeignPaused, runForeign } from './foreign-runtime.ts';
import { readExitFile, type ExitRecord } from './exit-file.ts';

/**
 * Finds out what became of a container while nobody of us was there. What was being made is undone,
 * what was being removed is removed: false then. Else the record says again what is.
 */
export async function recoverContainer(
  context: EngineContext,
  container: Container,
): Promise<boolean> {
  const { phase } = container;
  if (phase === 'creating' || phase === 'removing') {
    await adoptExit(context, container);
    await discardContainer(context, container);
    return false;
  }
  if (container.record.finishedAtMs > 0) return true;
  const shim = await context.shims.find(container.request.podId);
  const supervised = shim === undefined ? undefined : await findIn(shim, container.id);
  if (supervised !== undefined && supervised.state !== 'exited') {
    await adoptLiving(context, container, supervised);
    return true;
  }
  const exit = supervised ?? readExitFile(context.store.folderOf(container.id));
  if (exit === undefined) await loseContainer(context, container);
  else saveExit(container, exit);
  return true;
}

/** Its shim is gone: nobody would ever tell of its end, so it is ended. */
export async function loseContainer(context: EngineContext, container: Container): Promise<void> {
  if (container.request.runtime !== undefined) {
    // It may have ended with its shim.
    await runForeign(context, container, ['kill', container.id, 'KILL']).catch(() => undefined);
  }
  try {
    using cgroup = context.hierarchy.open(container.request.cgroupPath);
    await cgroup.kill({ timeoutMs: limits.killTimeoutMs });
  } catch (error) {
    if (!isDomainError(error, 'notFound')) throw error;
  }
  const finishedAtMs = Date.now();
  container.save({ phase: 'exited', exitCode: 137, lost: true, finishedAtMs });
}

export function saveExit(container: Container, exit: ExitRecord): void {
  const { exitCode, oomKilled } = exit;
  const finishedAtMs = Number(exit.finishedAtNs / 1_000_000n);
  const startedAtMs = container.record.startedAtMs || finishedAtMs;
  const phase = container.phase === 'removing' ? 'removing' : 'exited';
  container.save({ phase, exitCode, oomKilled, finishedAtMs, startedAtMs });
}

/** So that nobody waits for an end that has been. */
async function adoptExit(context: EngineContext, container: Container): Promise<void> {
  const shim = await context.shims.find(container.request.podId);
  const supervised = shim === undefined ? undefined : await findIn(shim, container.id);
  if (supervised === undefined || supervised.state === 'exited') {
    container.save({ finishedAtMs: Date.now() });
  }
}

async function adoptLiving(
  context: EngineContext,
  container: Container,
  { state, pid }: SupervisedProcess,
): Promise<void> {
  const { startedAtMs } = container.record;
  if (state === 'running' || state === 'starting') {
    container.save({ phase: 'running', pid, startedAtMs: startedAtMs || Date.now() });
    container.paused = await isPaused(context, container);
    endInterruptedCapture(context, container);
  } else container.save({ phase: 'created', pid });
}

async function findIn(shim: Supervisor, id: string): Promise<SupervisedProcess | undefined> {
  const { processes } = await shim.state();
  return processes.find(({ container, name }) => container === id && name === '');
}

async function isPaused(context: EngineContext, container: Container): Promise<boolean> {
  const { runtime, cgroupPath } = container.request;
  if (runtime !== undefined) return await isForeignPaused(context, container);
  using cgroup = context.hierarchy.open(cgroupPath);
  return cgroup.frozen();
}
