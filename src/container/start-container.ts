import { DomainError, messageOf } from '../base/error.ts';
import { fault } from '../base/fault.ts';
import { restoreError } from './checkpoint/restore-container.ts';
import type { Container } from './container.ts';
import { emit, type EngineContext } from './engine-context.ts';
import { hookError } from './plan/plan-hooks.ts';
import { runHooks } from './run-hooks.ts';
import { killContainer } from './stop-container.ts';

/** Lets the waiting process go on, to execute its program. */
export async function startContainer(context: EngineContext, container: Container): Promise<void> {
  const { id, podId } = container.request;
  if (container.phase !== 'created') {
    throw new DomainError('conflict', `Container "${id}" is ${container.phase}, not created`);
  }
  const shim = await context.shims.find(podId);
  if (shim === undefined) throw new DomainError('unavailable', `Pod "${podId}" has no shim`);
  container.save({ phase: 'starting' });
  fault('container.start.after-record');
  let { pid } = container.record;
  try {
    pid = await shim.start(id);
  } catch (error) {
    const cause = restoreError(context, container) ?? hookError(error) ?? error;
    const text = `Cannot start container "${id}": ${messageOf(cause)}`;
    failStart(container, text);
    throw new DomainError('invalid', text, { cause: error });
  }
  fault('container.start.after-start');
  // It may have ended already; then its exit is what counts.
  const startedAtMs = Date.now();
  if (container.record.finishedAtMs === 0) container.save({ phase: 'running', pid, startedAtMs });
  emit(context, container, 'started');
  await passPoststart(context, container);
}

/** It runs already, so a hook that fails is the container's end. */
async function passPoststart(context: EngineContext, container: Container): Promise<void> {
  try {
    await runHooks(context, container, 'poststart');
  } catch (cause) {
    const text = `Cannot start container "${container.id}": ${messageOf(cause)}`;
    container.save({ startError: text });
    await killContainer(context, container);
    throw new DomainError('invalid', text, { cause });
  }
}

/** It never ran: an exited container with the reason, as the CRI wants it. */
function failStart(container: Container, startError: string): void {
  const now = Date.now();
  const times = { startedAtMs: now, finishedAtMs: now };
  container.save({ phase: 'exited', exitCode: 128, startError, ...times });
}
