import { setTimeout as delay } from 'node:timers/promises';
import { hasCode } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import type { CgroupFolder } from './folder.ts';
import { killCgroup } from './kill-cgroup.ts';
import { childrenOf, openChild } from './processes.ts';

/** A cgroup as its hierarchy knows it: its open folder and its name below the root. */
export interface Removable {
  readonly root: CgroupFolder;
  readonly folder: CgroupFolder;
  readonly components: readonly string[];
}

/** Ends what runs in a cgroup and removes it with all below; one that is gone is fine. */
export async function removeCgroup(
  { root, folder, components }: Removable,
  timeoutMs: number = limits.cgroupStateMs,
): Promise<void> {
  const name = components.join('/');
  // The usual case by far: nothing is left in it.
  if (tryRemove(root, name)) return;
  await killCgroup(folder, timeoutMs);
  const deadlineMs = performance.now() + timeoutMs;
  for (let waitMs = 1; ; waitMs = Math.min(2 * waitMs, 50)) {
    removeChildren(folder);
    if (tryRemove(root, name)) return;
    // A process that has left cgroup.procs holds its cgroup for a moment longer.
    if (performance.now() > deadlineMs) return root.removeChild(name);
    await delay(waitMs);
  }
}

function removeChildren(folder: CgroupFolder): void {
  for (const name of childrenOf(folder)) {
    using child = openChild(folder, name);
    if (child !== undefined) removeChildren(child);
    tryRemove(folder, name);
  }
}

/** False while the cgroup is busy. */
function tryRemove(parent: CgroupFolder, name: string): boolean {
  try {
    parent.removeChild(name);
    return true;
  } catch (error) {
    if (hasCode(error, 'EBUSY')) return false;
    throw error;
  }
}
