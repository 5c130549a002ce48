import type { Container } from './container.ts';
import { emit, type EngineContext } from './engine-context.ts';
import { runForeign } from './foreign-runtime.ts';

/** Stops all processes of a container; done when none runs. */
export async function pauseContainer(context: EngineContext, container: Container): Promise<void> {
  const { id, runtime, cgroupPath } = container.request;
  if (runtime !== undefined) {
    if (!container.paused) await runForeign(context, container, ['pause', id]);
  } else {
    using cgroup = context.hierarchy.open(cgroupPath);
    await cgroup.freeze();
  }
  if (!container.paused) emit(context, container, 'paused');
  container.paused = true;
}

export async function resumeContainer(context: EngineContext, container: Container): Promise<void> {
  const { id, runtime, cgroupPath } = container.request;
  if (runtime !== undefined) {
    if (container.paused) await runForeign(context, container, ['resume', id]);
  } else {
    using cgroup = context.hierarchy.open(cgroupPath);
    await cgroup.thaw();
  }
  if (container.paused) emit(context, container, 'resumed');
  container.paused = false;
}
