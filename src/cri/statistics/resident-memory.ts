import { readFileSync } from 'node:fs';
import { hasCode } from '../../base/error.ts';

const pageBytes = 4096;

/**
 * Memory of processes as `ps` counts it, for hosts whose cgroup v2 has no memory controller: what
 * several of them share counts for each, and what the kernel caches for them does not count.
 */
export function residentBytes(processIds: readonly number[]): number {
  let pages = 0;
  for (const pid of processIds) pages += residentPages(pid);
  return pages * pageBytes;
}

/** `/proc/PID/statm`: size, resident, shared, ... */
function residentPages(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1] ?? 0);
  } catch (error) {
    // It ended meanwhile.
    if (hasCode(error, 'ENOENT', 'ESRCH')) return 0;
    throw error;
  }
}
