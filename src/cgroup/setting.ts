import {
  cpuBandwidth,
  flag,
  limitOf,
  numberList,
  oneOf,
  percent,
  wholeNumber,
  type Codec,
  type Limit,
} from './codec.ts';
import { earlierLine, ioLatency, ioMax, ioWeight } from './codec-device.ts';
import { lines } from './interface-file.ts';

const bytes = limitOf('bytes');

/**
 * Every file of the kernel's cgroup-v2 document that limits or divides a resource, by its own name:
 * what a setting is called is what the file is called.
 */
export const settingTable = {
  'cgroup.max.depth': limitOf('levels'),
  'cgroup.max.descendants': limitOf('cgroups'),
  'cpu.idle': flag,
  'cpu.max': cpuBandwidth,
  'cpu.max.burst': wholeNumber('microseconds', 0, Number.MAX_SAFE_INTEGER),
  'cpu.uclamp.max': percent,
  'cpu.uclamp.min': percent,
  'cpu.weight': wholeNumber('weight', 1, 10_000),
  'cpu.weight.nice': wholeNumber('nice value', -20, 19),
  'cpuset.cpus': numberList,
  'cpuset.cpus.exclusive': numberList,
  'cpuset.cpus.partition': oneOf('member', 'root', 'isolated'),
  'cpuset.mems': numberList,
  'io.bfq.weight': ioWeight(1000),
  'io.latency': ioLatency,
  'io.max': ioMax,
  'io.weight': ioWeight(10_000),
  'memory.high': bytes,
  'memory.low': bytes,
  'memory.max': bytes,
  'memory.min': bytes,
  'memory.oom.group': flag,
  'memory.swap.high': bytes,
  'memory.swap.max': bytes,
  'memory.zswap.max': bytes,
  'memory.zswap.writeback': flag,
  'pids.max': limitOf('processes'),
} as const satisfies Record<string, Codec<unknown>>;

type Table = typeof settingTable;
type ValueOf<SomeCodec> = SomeCodec extends Codec<infer Value> ? Value : never;

/** The settings whose names are fixed. */
export type NamedSettings = { readonly [File in keyof Table]?: ValueOf<Table[File]> };

/** For each page size, as `hugetlb.2MB.max` and `hugetlb.1GB.rsvd.max`, in bytes. */
export type HugetlbSettings = { readonly [File in `hugetlb.${string}.max`]?: Limit };

/**
 * Settings of a cgroup, each under the name of its interface file. `unified` holds any others as
 * text, as in the OCI runtime specification: a line feed separates writes.
 *
 * ```
 * { 'cpu.max': { quotaMicroseconds: 10_000, periodMicroseconds: 100_000 }, 'memory.max': 64 << 20 }
 * ```
 */
export type Settings = NamedSettings &
  HugetlbSettings & { readonly unified?: Readonly<Record<string, string>> };

/** The codec of a file that has a type, by its name. */
export function codecOf(file: string): Codec<unknown> | undefined {
  if (Object.hasOwn(settingTable, file)) return settingTable[file as keyof Table];
  return /^hugetlb\.\d+[KMG]B(\.rsvd)?\.max$/.test(file) ? bytes : undefined;
}

/** What undoes a write to a file without a type: its old text, or the old line of each device. */
export function undoText(before: string, written: readonly string[]): string[] {
  if (lines(before).length < 2 && !/[:=]/.test(before)) return [before.trim()];
  return written.map((line) => earlierLine(before, line, 'max'));
}
