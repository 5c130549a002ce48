import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasCode } from '../base/error.ts';
import type { EngineContext } from './engine-context.ts';

/**
 * Ends what a pod's shim runs of which no readable record is left, and removes the cgroups that are
 * the pod's by their names: where they are, only the processes themselves can tell.
 */
export async function endUnrecorded(context: EngineContext, podId: string): Promise<void> {
  const shim = await context.shims.find(podId);
  if (shim === undefined) return;
  const { processes } = await shim.state();
  const cgroups = new Set<string>();
  for (const { container, name, pid, state } of processes) {
    if (state === 'exited') continue;
    for (const path of ownCgroups(cgroupOf(pid), [container, podId])) cgroups.add(path);
    await shim.signal(container, name, 9).catch(ignoreGone);
  }
  for (const path of cgroups) await context.hierarchy.remove(path);
}

/** From the process's own upwards, as long as a name says whose it is. */
function ownCgroups(path: string, ids: readonly string[]): string[] {
  const own: string[] = [];
  for (let at = path; at.length > 1; at = dirname(at)) {
    const name = at.slice(at.lastIndexOf('/') + 1);
    const isPause = at === path && name === 'pause';
    if (isPause || ids.some((id) => name.includes(id))) own.push(at);
  }
  return own;
}

/** In the version 2 hierarchy; '' where it has ended. */
function cgroupOf(pid: number): string {
  try {
    return /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '';
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH')) return '';
    throw error;
  }
}

function ignoreGone(error: unknown): void {
  if (!hasCode(error, 'ESRCH')) throw error;
}
