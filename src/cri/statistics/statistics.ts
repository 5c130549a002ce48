import type { Statistics as CgroupStatistics } from '../../cgroup/statistics.ts';

/** What the kernel counts of one cgroup; parts are undefined where their controller is missing. */
export interface Statistics extends CgroupStatistics {
  /** Since the epoch, but never set back: differences are of the monotonic clock. */
  readonly atMs: number;
  /** Processes in it and below, controller or not. */
  readonly processIds: readonly number[];
}

/** Reads cgroups by their path below the hierarchy; undefined when one is gone. */
export interface StatisticsReader {
  all(cgroupPath: string): Statistics | undefined;
  /** Only the CPU time, for the background's frequent readings. */
  cpu(cgroupPath: string): CpuReading | undefined;
}

export interface CpuReading {
  readonly atMs: number;
  readonly usageMicroseconds: number;
}

/** What has passed through one interface of a pod, as the pod sees it. */
export interface InterfaceCounters {
  readonly name: string;
  readonly receivedPackets: number;
  readonly sentPackets: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly receiveErrors: number;
  readonly sendErrors: number;
  readonly receiveDrops: number;
  readonly sendDrops: number;
}

/** Reads the interfaces of a pinned network namespace, but for `lo`; none when it is gone. */
export type NetworkReader = (namespacePath: string) => Promise<readonly InterfaceCounters[]>;
