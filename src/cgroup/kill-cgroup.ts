import { setTimeout as delay } from 'node:timers/promises';
import { hasCode, isDomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import type { CgroupFolder } from './folder.ts';
import { processesBelow } from './processes.ts';
import { stateOf, waitForState } from './wait-for-state.ts';

/**
 * Kills all processes of a cgroup and of those below, including those that are being forked, and
 * resolves when the kernel has reaped them from it. A removed cgroup is fine. DomainError `timeout`
 * when a process does not end (stuck in the kernel).
 */
export async function killCgroup(
  folder: CgroupFolder,
  timeoutMs: number = limits.cgroupStateMs,
): Promise<void> {
  if ((stateOf(folder, 'populated') ?? 0) === 0) return;
  try {
    folder.write('cgroup.kill', '1');
  } catch (error) {
    if (hasCode(error, 'ENODEV')) return;
    if (!hasCode(error, 'ENOENT', 'EOPNOTSUPP')) throw error;
    return await killFrozen(folder, timeoutMs);
  }
  await waitForState(folder, { key: 'populated', value: 0 }, timeoutMs);
}

/**
 * The same for kernels before 5.14, which have no cgroup.kill: frozen processes neither fork nor
 * end by themselves, so each number read still means the process it meant.
 */
export async function killFrozen(folder: CgroupFolder, timeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  for (let waitMs = 5; ; waitMs = Math.min(2 * waitMs, 100)) {
    killOnceFrozen(folder);
    try {
      return await waitForState(folder, { key: 'populated', value: 0 }, waitMs);
    } catch (error) {
      if (!isDomainError(error, 'timeout') || performance.now() > deadlineMs) throw error;
      await delay(waitMs);
    }
  }
}

function killOnceFrozen(folder: CgroupFolder): void {
  try {
    folder.write('cgroup.freeze', '1');
    for (const pid of processesBelow(folder)) sendKill(pid);
    folder.write('cgroup.freeze', '0');
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENODEV')) throw error;
  }
}

function sendKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}
