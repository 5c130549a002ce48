import { hasCode, isDomainError, isKernelError } from '../base/error.ts';
import type { Cgroup } from '../cgroup/cgroup.ts';
import type { Hierarchy } from '../cgroup/hierarchy.ts';
import type { NetworkReader, StatisticsReader } from '../cri/statistics/statistics.ts';
import { open } from '../netlink/connection.ts';
import * as link from '../netlink/link.ts';

/** What the CRI and `stats` show of a cgroup. */
export function statisticsReader(hierarchy: Hierarchy): StatisticsReader {
  return {
    all: (path) =>
      reading(hierarchy, path, (cgroup) => ({
        atMs: now(),
        ...cgroup.statistics(),
        processIds: cgroup.processes({ recursive: true }),
      })),
    cpu: (path) =>
      reading(hierarchy, path, (cgroup) => {
        const usage = /^usage_usec (\d+)$/m.exec(cgroup.read('cpu.stat'))?.[1];
        return { atMs: now(), usageMicroseconds: Number(usage ?? 0) };
      }),
  };
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function reading<T>(hierarchy: Hierarchy, path: string, read: (cgroup: Cgroup) => T) {
  try {
    using cgroup = hierarchy.open(path);
    return read(cgroup);
  } catch (error) {
    // ENODEV: removed between opening and reading.
    if (isDomainError(error, 'notFound') || isKernelError(error, 'ENODEV')) return undefined;
    throw error;
  }
}

/** A pod's interfaces, from its own network namespace. */
export const networkReader: NetworkReader = async (namespace) => {
  try {
    using connection = await open({ namespace });
    const counters = await link.counters(connection);
    return counters.filter(({ name }) => name !== 'lo');
  } catch (error) {
    // ENOENT: the pod is stopped. EINVAL: the file is there, what was mounted on it is gone.
    if (hasCode(error, 'ENOENT', 'EINVAL')) return [];
    throw error;
  }
};
