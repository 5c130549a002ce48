import type { ContainerRequest } from './container-engine.ts';
import type { EngineContext } from './engine-context.ts';

export interface LimitedCgroup {
  /** The absolute folder, for the clone into it. */
  readonly folder: string;
  readonly notEnforced: readonly string[];
}

/** The container's cgroup with its limits, before there is a process in it. */
export async function makeCgroup(
  context: EngineContext,
  request: ContainerRequest,
): Promise<LimitedCgroup> {
  using cgroup = context.hierarchy.create(request.cgroupPath);
  return { folder: cgroup.folderPath, notEnforced: [] };
}
