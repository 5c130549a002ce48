import type { CgroupFolder } from './folder.ts';
import { flatKeyed, nestedKeyed, numberOf, words } from './interface-file.ts';
import { parsePressure, type Pressure } from './pressure.ts';

/** What a cgroup and those below it have used. A part is undefined without its controller. */
export interface Statistics {
  /** The kernel counts CPU time without the cpu controller too; throttling only with it. */
  readonly cpu: CpuStatistics;
  readonly memory: MemoryStatistics | undefined;
  /** For each block device, as `8:0`. */
  readonly io: Readonly<Record<string, IoStatistics>> | undefined;
  readonly pids: PidsStatistics | undefined;
  /** For each page size, as `2MB`. */
  readonly hugetlb: Readonly<Record<string, HugetlbStatistics>>;
  /** Undefined where the kernel has no pressure stall information (psi=0). */
  readonly pressure: {
    readonly cpu: Pressure | undefined;
    readonly memory: Pressure | undefined;
    readonly io: Pressure | undefined;
  };
}

export interface CpuStatistics {
  readonly usageMicroseconds: number;
  readonly userMicroseconds: number;
  readonly systemMicroseconds: number;
  /** Periods of `cpu.max` that have passed while something wanted to run. */
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledMicroseconds: number;
  readonly bursts: number;
  readonly burstMicroseconds: number;
}

export interface MemoryStatistics {
  readonly currentBytes: number;
  /** Undefined before Linux 5.19. */
  readonly peakBytes: number | undefined;
  /** Infinity for no limit. */
  readonly limitBytes: number;
  /** What cannot be given up at once: current less inactive file pages, as the kubelet has it. */
  readonly workingSetBytes: number;
  readonly swapBytes: number | undefined;
  readonly swapLimitBytes: number | undefined;
  readonly zswapBytes: number | undefined;
  /** `memory.stat` with the kernel's own names: anon, file, pgfault, ... */
  readonly details: Readonly<Record<string, number>>;
  /** `memory.events`: how often a limit was met, and how many processes were killed for it. */
  readonly events: Readonly<Record<'low' | 'high' | 'max' | 'oom' | 'oomKill', number>>;
}

export interface IoStatistics {
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly readOperations: number;
  readonly writeOperations: number;
  readonly discardBytes: number;
  readonly discardOperations: number;
}

export interface PidsStatistics {
  readonly current: number;
  /** Infinity for no limit. */
  readonly limit: number;
  /** Undefined before Linux 6.1. */
  readonly peak: number | undefined;
}

export interface HugetlbStatistics {
  readonly currentBytes: number;
  readonly limitBytes: number;
  /** How often the limit refused a page. */
  readonly failures: number;
}

export function readStatistics(folder: CgroupFolder): Statistics {
  return {
    cpu: readCpu(folder),
    memory: readMemory(folder),
    io: readIo(folder),
    pids: readPids(folder),
    hugetlb: readHugetlb(folder),
    pressure: {
      cpu: readPressure(folder, 'cpu.pressure'),
      memory: readPressure(folder, 'memory.pressure'),
      io: readPressure(folder, 'io.pressure'),
    },
  };
}

function readCpu(folder: CgroupFolder): CpuStatistics {
  const values = flatKeyed(folder.readOptional('cpu.stat') ?? '');
  const value = (key: string): number => values.get(key) ?? 0;
  return {
    usageMicroseconds: value('usage_usec'),
    userMicroseconds: value('user_usec'),
    systemMicroseconds: value('system_usec'),
    periods: value('nr_periods'),
    throttledPeriods: value('nr_throttled'),
    throttledMicroseconds: value('throttled_usec'),
    bursts: value('nr_bursts'),
    burstMicroseconds: value('burst_usec'),
  };
}

function readMemory(folder: CgroupFolder): MemoryStatistics | undefined {
  const currentBytes = readNumber(folder, 'memory.current');
  if (currentBytes === undefined) return undefined;
  const details = flatKeyed(folder.readOptional('memory.stat') ?? '');
  return {
    currentBytes,
    peakBytes: readNumber(folder, 'memory.peak'),
    limitBytes: readNumber(folder, 'memory.max') ?? Number.POSITIVE_INFINITY,
    workingSetBytes: Math.max(0, currentBytes - (details.get('inactive_file') ?? 0)),
    swapBytes: readNumber(folder, 'memory.swap.current'),
    swapLimitBytes: readNumber(folder, 'memory.swap.max'),
    zswapBytes: readNumber(folder, 'memory.zswap.current'),
    details: Object.fromEntries(details),
    events: readMemoryEvents(folder),
  };
}

/** Zeros without the memory controller: nothing is killed for a limit then. */
export function readMemoryEvents(folder: CgroupFolder): MemoryStatistics['events'] {
  const values = flatKeyed(folder.readOptional('memory.events') ?? '');
  const value = (key: string): number => values.get(key) ?? 0;
  return {
    low: value('low'),
    high: value('high'),
    max: value('max'),
    oom: value('oom'),
    oomKill: value('oom_kill'),
  };
}

function readIo(folder: CgroupFolder): Record<string, IoStatistics> | undefined {
  const text = folder.readOptional('io.stat');
  if (text === undefined) return undefined;
  const devices = [...nestedKeyed(text)]
    // A device that has been idle since boot shows as a name without values.
    .filter(([, fields]) => fields.has('rbytes'))
    .map(([device, fields]): [string, IoStatistics] => [device, ioOf(fields)]);
  return Object.fromEntries(devices);
}

function ioOf(fields: ReadonlyMap<string, string>): IoStatistics {
  const value = (key: string): number => Number(fields.get(key) ?? 0);
  return {
    readBytes: value('rbytes'),
    writeBytes: value('wbytes'),
    readOperations: value('rios'),
    writeOperations: value('wios'),
    discardBytes: value('dbytes'),
    discardOperations: value('dios'),
  };
}

function readPids(folder: CgroupFolder): PidsStatistics | undefined {
  const current = readNumber(folder, 'pids.current');
  if (current === undefined) return undefined;
  const limit = readNumber(folder, 'pids.max') ?? Number.POSITIVE_INFINITY;
  return { current, limit, peak: readNumber(folder, 'pids.peak') };
}

function readHugetlb(folder: CgroupFolder): Record<string, HugetlbStatistics> {
  if (!words(folder.read('cgroup.controllers')).includes('hugetlb')) return {};
  const sizes = folder.files().flatMap((file) => /^hugetlb\.(\w+)\.current$/.exec(file)?.[1] ?? []);
  const all = sizes.map((size): [string, HugetlbStatistics] => [
    size,
    {
      currentBytes: readNumber(folder, `hugetlb.${size}.current`) ?? 0,
      limitBytes: readNumber(folder, `hugetlb.${size}.max`) ?? Number.POSITIVE_INFINITY,
      failures: flatKeyed(folder.readOptional(`hugetlb.${size}.events`) ?? '').get('max') ?? 0,
    },
  ]);
  return Object.fromEntries(all);
}

function readPressure(folder: CgroupFolder, file: string): Pressure | undefined {
  const text = folder.readOptional(file);
  return text === undefined ? undefined : parsePressure(text);
}

function readNumber(folder: CgroupFolder, file: string): number | undefined {
  const text = folder.readOptional(file);
  return text === undefined ? undefined : numberOf(text.trim());
}
