import { setTimeout as delay } from 'node:timers/promises';
import { hasCode, isKernelError } from '../base/error.ts';
import { fault } from '../base/fault.ts';
import { limits } from '../base/limits.ts';
import type { Supervisor } from '../kernel/supervisor.ts';
import type { Container } from './container.ts';
import type { EngineContext } from './engine-context.ts';
import { discardForeign } from './foreign-runtime.ts';
import { removeCgroup } from './limit-cgroup.ts';
import { runHooks } from './run-hooks.ts';

/** Ends what runs of a container and removes every trace of it; may be repeated at any point. */
export async function discardContainer(
  context: EngineContext,
  container: Container,
): Promise<void> {
  const { id, podId, cgroupPath } = container.request;
  const shim = await context.shims.find(podId);
  if (shim !== undefined) await forget(shim, container);
  fault('container.remove.after-forget');
  if (container.request.runtime !== undefined) await discardForeign(context, container);
  await removeCgroup(context, cgroupPath);
  fault('container.remove.after-cgroup');
  if (container.record.pid > 0) await runHooks(context, container, 'poststop');
  context.store.remove(id);
}

/** A shim keeps a container until it has ended, so it is killed first where it has not. */
async function forget(shim: Supervisor, container: Container): Promise<void> {
  const deadline = Date.now() + limits.killTimeoutMs;
  for (let waitMs = 1; ; waitMs = Math.min(2 * waitMs, 100)) {
    try {
      return await shim.forget(container.id, '');
    } catch (error) {
      if (hasCode(error, 'ESRCH')) return;
      if (!isKernelError(error, 'EBUSY') || Date.now() > deadline) throw error;
    }
    await shim.signal(container.id, '', 9).catch(ignoreGone);
    await delay(waitMs);
  }
}

function ignoreGone(error: unknown): void {
  if (!hasCode(error, 'ESRCH')) throw error;
}
