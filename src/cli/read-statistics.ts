import { isDomainError } from '../base/error.ts';
import type { Hierarchy } from '../cgroup/hierarchy.ts';
import type { Statistics as CgroupStatistics } from '../cgroup/statistics.ts';
import type { Statistics, StatisticsReader } from '../cri/statistics.ts';

/** What the CRI and `stats` show, from the cgroup's files. */
export function statisticsReader(hierarchy: Hierarchy): StatisticsReader {
  return async (path) => {
    try {
      using cgroup = hierarchy.open(path);
      return translate(cgroup.statistics(), Date.now());
    } catch (error) {
      if (isDomainError(error, 'notFound')) return undefined;
      throw error;
    }
  };
}

function translate({ cpu, memory, io, pids }: CgroupStatistics, atMs: number): Statistics {
  const devices = io === undefined ? undefined : Object.values(io);
  const details = memory?.details ?? {};
  return {
    atMs,
    cpuNanoseconds: cpu.usageMicroseconds * 1000,
    memory:
      memory === undefined
        ? undefined
        : {
            usageBytes: memory.currentBytes,
            workingSetBytes: memory.workingSetBytes,
            rssBytes: details['anon'] ?? 0,
            pageFaults: details['pgfault'] ?? 0,
            majorPageFaults: details['pgmajfault'] ?? 0,
            limitBytes: Number.isFinite(memory.limitBytes) ? memory.limitBytes : undefined,
            swapBytes: memory.swapBytes ?? 0,
          },
    processes: pids?.current,
    readBytes: devices?.reduce((sum, { readBytes }) => sum + readBytes, 0),
    writtenBytes: devices?.reduce((sum, { writeBytes }) => sum + writeBytes, 0),
  };
}
