import { DomainError } from '../base/error.ts';
import { planBlockIo } from './plan-block-io.ts';
import type { Limit } from './codec.ts';
import { weightOfShares } from './cpu-weight.ts';
import type { CpuResources, MemoryResources, RdmaLimit, Resources } from './resources.ts';
import type { HugetlbSettings, Settings } from './setting.ts';

/**
 * What OCI resources set in a cgroup; what they leave out is not touched. Throws DomainError
 * `invalid` for what contradicts itself and `unsupported` for what cgroup v2 cannot do at all.
 * Devices are a filter of their own: see Cgroup.applyDevices.
 */
export function planResources(resources: Resources): Settings {
  const { memory = {}, cpu = {}, blockIO = {}, hugepageLimits = [], rdma = {} } = resources;
  const unified = { ...planRdma(rdma), ...resources.unified };
  return {
    ...planCpu(cpu),
    ...planMemory(memory),
    ...planPids(resources.pids?.limit),
    ...planBlockIo(blockIO),
    ...planHugetlb(hugepageLimits),
    ...(Object.keys(unified).length > 0 ? { unified } : {}),
  };
}

function planCpu({
  shares = 0,
  quota = 0,
  period = 0,
  burst,
  idle,
  cpus,
  mems,
}: CpuResources): Settings {
  const weight = weightOfShares(shares);
  const bandwidth = {
    quotaMicroseconds: quota > 0 ? quota : 'max',
    ...(period > 0 ? { periodMicroseconds: period } : {}),
  } as const;
  return {
    ...(weight === undefined ? {} : { 'cpu.weight': weight }),
    ...(quota === 0 && period === 0 ? {} : { 'cpu.max': bandwidth }),
    ...(burst === undefined ? {} : { 'cpu.max.burst': burst }),
    ...(idle === undefined ? {} : { 'cpu.idle': idle !== 0 }),
    ...(cpus === undefined || cpus === '' ? {} : { 'cpuset.cpus': cpus }),
    ...(mems === undefined || mems === '' ? {} : { 'cpuset.mems': mems }),
  };
}

function planMemory(memory: MemoryResources): Settings {
  // v1's oom_control, which let processes hang instead of being killed, has no v2 counterpart.
  if (memory.disableOOMKiller === true) {
    throw new DomainError(
      'unsupported',
      'memory.disableOOMKiller: cgroup v2 always has an OOM killer',
    );
  }
  const { limit = 0, reservation = 0 } = memory;
  const swap = swapLimit(memory);
  return {
    ...(limit === 0 ? {} : { 'memory.max': limitOf(limit) }),
    ...(reservation === 0 ? {} : { 'memory.low': limitOf(reservation) }),
    ...(swap === undefined ? {} : { 'memory.swap.max': swap }),
  };
}

/**
 * The specification counts memory and swap together, cgroup v2 swap alone. As in runc and crun,
 * unlimited memory with nothing said of swap is unlimited swap too.
 */
function swapLimit({ limit = 0, swap = 0 }: MemoryResources): Limit | undefined {
  if (swap === 0) return limit < 0 ? 'max' : undefined;
  if (limitOf(swap) === 'max') return 'max';
  if (limit <= 0) {
    throw new DomainError('invalid', `memory.swap is ${swap} without a memory.limit`);
  }
  if (swap < limit) {
    const why = 'it counts memory and swap together';
    throw new DomainError('invalid', `memory.swap ${swap} is below memory.limit ${limit}; ${why}`);
  }
  return swap - limit;
}

function planPids(limit = 0): Settings {
  return limit === 0 ? {} : { 'pids.max': limitOf(limit) };
}

function planHugetlb(limits: NonNullable<Resources['hugepageLimits']>): HugetlbSettings {
  const settings = limits.flatMap(({ pageSize, limit }) => {
    if (!/^\d+[KMG]B$/.test(pageSize)) {
      throw new DomainError('invalid', `Huge page size "${pageSize}" is not as 2MB`);
    }
    // A page that is reserved (mmap) but not yet touched must count as well.
    return [
      [`hugetlb.${pageSize}.max`, limitOf(limit)],
      [`hugetlb.${pageSize}.rsvd.max`, limitOf(limit)],
    ];
  });
  return Object.fromEntries(settings) as HugetlbSettings;
}

function planRdma(devices: Readonly<Record<string, RdmaLimit>>): Record<string, string> {
  const lines = Object.entries(devices).map(([device, { hcaHandles, hcaObjects }]) => {
    if (!/^[\w.-]+$/.test(device)) {
      throw new DomainError('invalid', `RDMA device ${JSON.stringify(device)} has no valid name`);
    }
    const handles = hcaHandles === undefined ? '' : ` hca_handle=${hcaHandles}`;
    const objects = hcaObjects === undefined ? '' : ` hca_object=${hcaObjects}`;
    return device + handles + objects;
  });
  return lines.length === 0 ? {} : { 'rdma.max': lines.join('\n') };
}

/** v1's "unlimited", 2^63 less a page, is above what a number here holds exactly. */
function limitOf(value: number): Limit {
  return value < 0 || value > Number.MAX_SAFE_INTEGER ? 'max' : value;
}
