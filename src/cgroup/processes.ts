import { hasCode } from '../base/error.ts';
import type { CgroupFolder } from './folder.ts';
import { lines } from './interface-file.ts';

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
  for (const name of childrenOf(folder)) {
    using child = openChild(folder, name);
    if (child !== undefined) pids.push(...processesBelow(child));
  }
  return pids;
}

/** Names of the children; none when the cgroup has been removed. */
export function childrenOf(folder: CgroupFolder): string[] {
  try {
    return folder.children();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENODEV')) return [];
    throw error;
  }
}

/** Undefined when the child has been removed. */
export function openChild(folder: CgroupFolder, name: string): CgroupFolder | undefined {
  try {
    return folder.open(name);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENODEV')) return undefined;
    throw error;
  }
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
