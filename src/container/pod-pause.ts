import { hasCode } from '../base/error.ts';
import { encodePlan, type Operation } from '../kernel/operation.ts';
import { silentLaunch } from '../kernel/launch.ts';
import type { EngineContext } from './engine-context.ts';

/** What the shim knows the first process of a shared PID namespace by; no container's id. */
const pauseName = 'pause/';

export interface PausePlan {
  readonly operations: readonly Operation[];
  readonly relay: boolean;
  readonly cloneFlags: number;
}

/** Starts it in the pod's shim; its pid. */
export async function startPause(
  context: EngineContext,
  podId: string,
  plan: PausePlan & { readonly cgroupPath: string },
): Promise<number> {
  using cgroup = context.hierarchy.create(`${plan.cgroupPath}/pause`);
  const shim = await context.shims.open(podId);
  const { pid } = await shim.launch({
    ...silentLaunch,
    container: pauseName,
    name: '',
    cloneFlags: plan.cloneFlags,
    cgroup: cgroup.folderPath,
    relay: plan.relay,
    plan: encodePlan(plan.operations),
  });
  return pid;
}

/** Ends it, and with it whatever is left in its namespace; fine when there is none. */
export async function endPause(context: EngineContext, podId: string): Promise<void> {
  const shim = await context.shims.find(podId);
  try {
    await shim?.signal(pauseName, '', 9);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}
