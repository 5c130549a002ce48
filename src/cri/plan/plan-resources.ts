import type { DeviceRule, MemoryResources, Resources } from '../../container/spec-linux.ts';
import type { RunOptions, UpdateRequest } from '../generated/keelson.ts';
import type { LinuxContainerResources } from '../generated/runtime.ts';

/** Limits that the CRI's message lacks. */
type Extra = Partial<Pick<RunOptions | UpdateRequest, 'pids_limit' | 'memory_reservation_bytes'>>;

/** The CRI's resources in the runtime specification's words; zero there is "not given". */
export function planResources(
  resources: LinuxContainerResources | undefined,
  extra: Extra = {},
): Resources {
  const cpu = given({
    shares: resources?.cpu_shares,
    quota: resources?.cpu_quota,
    period: resources?.cpu_period,
    cpus: resources?.cpuset_cpus,
    mems: resources?.cpuset_mems,
  });
  const memory = planMemory(resources, extra);
  const huge = resources?.hugepage_limits ?? [];
  const unified = resources?.unified ?? {};
  return {
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(extra.pids_limit === undefined ? {} : { pids: { limit: extra.pids_limit } }),
    ...(huge.length === 0
      ? {}
      : {
          hugepageLimits: huge.map(({ page_size, limit }) => ({ pageSize: page_size, limit })),
        }),
    ...(Object.keys(unified).length === 0 ? {} : { unified }),
  };
}

function planMemory(
  resources: LinuxContainerResources | undefined,
  extra: Extra,
): MemoryResources | undefined {
  return given({
    limit: resources?.memory_limit_in_bytes,
    swap: resources?.memory_swap_limit_in_bytes,
    reservation: extra.memory_reservation_bytes,
  });
}

/** The fields that say something; undefined when none does. */
function given<T extends Record<string, unknown>>(
  fields: T,
): { [Key in keyof T]?: NonNullable<T[Key]> } | undefined {
  const entries = Object.entries(fields).filter(
    ([, value]) => value !== undefined && value !== 0 && value !== '',
  );
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries) as { [Key in keyof T]?: NonNullable<T[Key]> };
}

/**
 * What every container may open, as runc has it: making any node, which the nodes' own rules then
 * stop from being opened; null, zero, full, random, urandom, tty, console, ptmx and terminals.
 */
export const defaultDeviceRules: readonly DeviceRule[] = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...[3, 5, 7, 8, 9].map((minor): DeviceRule => rule(1, minor)),
  ...[0, 1, 2].map((minor): DeviceRule => rule(5, minor)),
  { allow: true, type: 'c', major: 136, access: 'rwm' },
];

function rule(major: number, minor: number): DeviceRule {
  return { allow: true, type: 'c', major, minor, access: 'rwm' };
}
