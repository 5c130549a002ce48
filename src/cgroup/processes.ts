import { hasCode } from '../base/error.ts';
import type { CgroupFolder } from './folder.ts';
import { lines } from './interface-file.ts';
import { walkBelow } from './walk.ts';

/** Process numbers in one cgroup; those of other PID namespaces, which show as 0, are left out. */
export function processesOf(folder: CgroupFolder): number[] {
  const text = readUnlessRemoved(folder, 'cgroup.procs');
  return lines(text)
    .map(Number)
    .filter((pid) => pid > 0);
}

/** The same with all cgroups below. */
export function processesBelow(folder: CgroupFolder): number[] {
  const pids = processesOf(folder);
  walkBelow(folder, { enter: (below) => void pids.push(...processesOf(below)) });
  return pids;
}

function readUnlessRemoved(folder: CgroupFolder, file: string): string {
  try {
    return folder.read(file);
  } catch (error) {
    // EOPNOTSUPP: a threaded cgroup, whose processes belong to the threaded domain above.
    if (hasCode(error, 'ENOENT', 'ENODEV', 'EOPNOTSUPP')) return '';
    throw error;
  }
}
