import { DomainError } from '../../base/error.ts';
import { weightOfShares } from '../cpu-weight.ts';
import type { Resources } from '../resources.ts';
import type { DbusValue } from '../../base/dbus-message.ts';

/** A unit's property: its name and its value as a variant. */
export type UnitProperty = readonly [
  name: string,
  value: { readonly signature: string; readonly value: DbusValue },
];

/** What systemd takes for "no limit". */
const infinity = (1n << 64n) - 1n;

/**
 * `linux.resources` as properties of a scope (systemd.resource-control(5)), so that systemd, which
 * writes limits anew when it is reloaded, writes the same. Pure. What systemd has no word for is
 * written to the cgroup alone, which is delegated.
 */
export function unitProperties(resources: Resources): UnitProperty[] {
  const { cpu = {}, memory = {}, pids, blockIO } = resources;
  const weight = weightOfShares(cpu.shares ?? 0);
  const limits: (UnitProperty | undefined)[] = [
    weight === undefined ? undefined : number('CPUWeight', weight),
    quota(cpu.quota, cpu.period),
    cpu.period === undefined || cpu.period === 0
      ? undefined
      : number('CPUQuotaPeriodUSec', cpu.period),
    cpus('AllowedCPUs', cpu.cpus),
    cpus('AllowedMemoryNodes', cpu.mems),
    limit('MemoryMax', memory.limit),
    limit('MemoryLow', memory.reservation),
    swap(memory.limit, memory.swap),
    limit('TasksMax', pids?.limit),
    blockIO?.weight === undefined || blockIO.weight === 0
      ? undefined
      : number('IOWeight', ioWeight(blockIO.weight)),
  ];
  return limits.filter((property) => property !== undefined);
}

/** Those of every scope: ours to make cgroups in, and collected when it has failed. */
export function scopeProperties(scope: {
  readonly description: string;
  readonly slice: string;
  readonly pid: number;
}): UnitProperty[] {
  return [
    ['Description', { signature: 's', value: scope.description }],
    ['Slice', { signature: 's', value: scope.slice }],
    ['PIDs', { signature: 'au', value: [scope.pid] }],
    ['Delegate', { signature: 'b', value: true }],
    ...accounting,
    ['CollectMode', { signature: 's', value: 'inactive-or-failed' }],
  ];
}

/** Those of every slice: a slice lies where its name says, and needs no process. */
export function sliceProperties(unit: string): UnitProperty[] {
  return [['Description', { signature: 's', value: `keelson pods ${unit}` }], ...accounting];
}

const accounting: readonly UnitProperty[] = [
  ['DefaultDependencies', { signature: 'b', value: false }],
  ['MemoryAccounting', { signature: 'b', value: true }],
  ['CPUAccounting', { signature: 'b', value: true }],
  ['IOAccounting', { signature: 'b', value: true }],
  ['TasksAccounting', { signature: 'b', value: true }],
];

function number(name: string, value: number | bigint): UnitProperty {
  return [name, { signature: 't', value: BigInt(value) }];
}

function limit(name: string, value: number | undefined): UnitProperty | undefined {
  if (value === undefined || value === 0) return undefined;
  return number(name, value < 0 ? infinity : BigInt(Math.trunc(value)));
}

/** The specification counts memory and swap together, systemd swap alone. */
function swap(memory = 0, both = 0): UnitProperty | undefined {
  if (both === 0) return undefined;
  return number('MemorySwapMax', both < 0 || memory < 0 ? infinity : Math.max(both - memory, 0));
}

/** Microseconds of a second, in steps of a hundredth of a percent, never less: as runc has it. */
function quota(quotaUs = 0, periodUs = 0): UnitProperty | undefined {
  if (quotaUs === 0 && periodUs === 0) return undefined;
  if (quotaUs <= 0) return number('CPUQuotaPerSecUSec', infinity);
  const perSecond = (quotaUs * 1_000_000) / (periodUs === 0 ? 100_000 : periodUs);
  return number('CPUQuotaPerSecUSec', Math.ceil(perSecond / 10_000) * 10_000);
}

/** `0-3,7` as a bit mask, the lowest byte first. */
function cpus(name: string, list = ''): UnitProperty | undefined {
  if (list === '') return undefined;
  const bytes: number[] = [];
  for (const part of list.split(',')) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim());
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? from);
    if (match === null || to < from || to > 8191) {
      throw new DomainError('invalid', `Number list "${list}" is malformed`);
    }
    for (let bit = from; bit <= to; bit++) {
      while (bytes.length <= bit >> 3) bytes.push(0);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }
  return [name, { signature: 'ay', value: bytes }];
}

/** 10 to 1000 of version 1 are 1 to 10,000 here. */
function ioWeight(weight: number): number {
  return Math.floor(1 + ((weight - 10) * 9999) / 990);
}
