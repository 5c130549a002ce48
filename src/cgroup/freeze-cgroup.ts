import type { CgroupFolder } from './folder.ts';
import { waitForState } from './wait-for-state.ts';

/**
 * Stops all processes of a cgroup and of those below (`echo 1 > cgroup.freeze`) and resolves when
 * none runs. When that takes too long (a process in an uninterruptible call), all are let go again.
 */
export async function freezeCgroup(folder: CgroupFolder, timeoutMs?: number): Promise<void> {
  folder.write('cgroup.freeze', '1');
  try {
    await waitForState(folder, { key: 'frozen', value: 1 }, timeoutMs);
  } catch (error) {
    folder.write('cgroup.freeze', '0');
    throw error;
  }
}

/** Lets frozen processes go on. A cgroup below that was frozen by itself stays so. */
export async function thawCgroup(folder: CgroupFolder, timeoutMs?: number): Promise<void> {
  folder.write('cgroup.freeze', '0');
  await waitForState(folder, { key: 'frozen', value: 0 }, timeoutMs);
}
