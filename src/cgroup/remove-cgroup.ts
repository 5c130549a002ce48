import { setTimeout as delay } from 'node:timers/promises';
import { DomainError, hasCode } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import type { CgroupFolder } from './folder.ts';
import { killCgroup } from './kill-cgroup.ts';
import { stateOf } from './wait-for-state.ts';
import { walkBelow } from './walk.ts';

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
  if (name === '') throw new DomainError('invalid', 'The root cgroup cannot be removed');
  // By its own descriptor: under the name there may be a new cgroup by now.
  if (stateOf(folder, 'populated') === undefined) return;
  // The usual case by far: nothing is left in it.
  if (tryRemove(root, name)) return;
  await killCgroup(folder, timeoutMs);
  const deadlineMs = performance.now() + timeoutMs;
  for (let waitMs = 1; ; waitMs = Math.min(2 * waitMs, 50)) {
    walkBelow(folder, { leave: (parent, child) => void tryRemove(parent, child) });
    if (tryRemove(root, name)) return;
    // A process that has left cgroup.procs holds its cgroup for a moment longer.
    if (performance.now() > deadlineMs) return root.removeChild(name);
    await delay(waitMs);
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
