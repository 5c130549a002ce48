import type { Statistics } from '../../../../src/cri/statistics/statistics.ts';

const times = {
  last10Seconds: 1.5,
  last60Seconds: 2.5,
  last300Seconds: 3.5,
  totalMicroseconds: 4_000_000,
};

/** What a cgroup with all controllers would tell. */
export function statistics(): Statistics {
  return {
    atMs: 1_700_000_000_123,
    processIds: [],
    cpu: {
      usageMicroseconds: 12_345_678,
      userMicroseconds: 8_000_000,
      systemMicroseconds: 4_345_678,
      periods: 10,
      throttledPeriods: 3,
      throttledMicroseconds: 2_000_000,
      bursts: 0,
      burstMicroseconds: 0,
    },
    memory: {
      currentBytes: 1000,
      peakBytes: 2000,
      limitBytes: 5000,
      workingSetBytes: 600,
      swapBytes: 70,
      swapLimitBytes: 100,
      zswapBytes: 0,
      details: {
        anon: 500,
        file: 400,
        kernel: 90,
        file_mapped: 80,
        pgfault: 33,
        pgmajfault: 2,
      },
      events: { low: 0, high: 0, max: 6, oom: 1, oomKill: 1 },
    },
    io: {
      '254:9999': {
        readBytes: 1,
        writeBytes: 2,
        readOperations: 3,
        writeOperations: 4,
        discardBytes: 0,
        discardOperations: 0,
      },
    },
    pids: { current: 4, limit: 100, peak: 5 },
    hugetlb: { '2MB': { currentBytes: 2_097_152, limitBytes: 0, failures: 0 } },
    pressure: {
      cpu: { some: times, full: undefined },
      memory: { some: times, full: times },
      io: { some: times, full: times },
    },
  };
}
