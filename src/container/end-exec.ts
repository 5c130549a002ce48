import { hasCode, isDomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import type { Container } from './container.ts';
import { endProcessTree } from './end-process-tree.ts';
import type { EngineContext } from './engine-context.ts';
import { foreignProcesses } from './foreign-runtime.ts';

export interface RunningExec {
  readonly name: string;
  readonly pid: number;
  /** Its first process has not ended, so that the pid is its own. */
  readonly running: boolean;
}

/**
 * Ends an exec with all that it has started. That is what is in its cgroup; where it has none
 * (another runtime's container, a shim from before an upgrade), its descendants and its session.
 */
export async function endExec(
  context: EngineContext,
  container: Container,
  { name, pid, running }: RunningExec,
): Promise<void> {
  const { hierarchy } = context;
  const path = `${container.request.cgroupPath}/${name}`;
  if (container.request.runtime === undefined) {
    try {
      hierarchy.open(path)[Symbol.dispose]();
      return await hierarchy.remove(path, { timeoutMs: limits.killTimeoutMs });
    } catch (error) {
      if (!isDomainError(error, 'notFound')) throw error;
    }
  }
  if (!running) return;
  await endProcessTree(pid, async () => await processesOf(context, container));
  const shim = await context.shims.find(container.request.podId);
  await shim?.signal(container.id, name, 9).catch(ignoreGone);
}

function ignoreGone(error: unknown): void {
  if (!hasCode(error, 'ESRCH')) throw error;
}

async function processesOf(
  context: EngineContext,
  container: Container,
): Promise<readonly number[]> {
  if (container.request.runtime !== undefined) {
    // A container that is just ending is listed no more.
    return await foreignProcesses(context, container).catch(() => []);
  }
  try {
    using cgroup = context.hierarchy.open(container.request.cgroupPath);
    return cgroup.processes({ recursive: true });
  } catch (error) {
    if (isDomainError(error, 'notFound')) return [];
    throw error;
  }
}
