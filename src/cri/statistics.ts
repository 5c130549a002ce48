/** What the kernel counts of one cgroup; undefined where its controller is missing. */
export interface Statistics {
  readonly atMs: number;
  readonly cpuNanoseconds: number | undefined;
  readonly memory: MemoryStatistics | undefined;
  readonly processes: number | undefined;
  readonly readBytes: number | undefined;
  readonly writtenBytes: number | undefined;
}

export interface MemoryStatistics {
  readonly usageBytes: number;
  /** Usage without what the kernel could drop at once. */
  readonly workingSetBytes: number;
  readonly rssBytes: number;
  readonly pageFaults: number;
  readonly majorPageFaults: number;
  /** Undefined without a limit. */
  readonly limitBytes: number | undefined;
  readonly swapBytes: number;
}

/** Reads a cgroup below the hierarchy; undefined when it is gone. */
export type StatisticsReader = (cgroupPath: string) => Promise<Statistics | undefined>;
