import { DomainError } from '../../base/error.ts';
import type { CapabilitySets } from '../../container/spec.ts';
import type { LinuxContainerSecurityContext } from '../generated/runtime.ts';
import type { Machine } from './plan-input.ts';

/** Docker's and containerd's fourteen. */
const defaultCapabilities = [
  'CAP_AUDIT_WRITE',
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_MKNOD',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
];

/**
 * The five sets. Inheritable stays empty but for ambient ones: a program with file capabilities
 * would otherwise gain more than its user was given (CVE-2022-29162).
 */
export function planCapabilities(
  security: LinuxContainerSecurityContext | undefined,
  machine: Machine,
): CapabilitySets {
  const wanted = wantedCapabilities(security, machine);
  const ambient = [...named(security?.capabilities?.add_ambient_capabilities ?? [], machine)];
  const all = [...new Set([...wanted, ...ambient])].toSorted();
  return {
    bounding: all,
    permitted: all,
    effective: all,
    inheritable: ambient,
    ambient,
  };
}

/** ALL comes before single names on either list, so that "drop ALL, add CHOWN" leaves CHOWN. */
function wantedCapabilities(
  security: LinuxContainerSecurityContext | undefined,
  machine: Machine,
): ReadonlySet<string> {
  if (security?.privileged === true) return new Set(machine.ownCapabilities);
  const add = security?.capabilities?.add_capabilities ?? [];
  const drop = security?.capabilities?.drop_capabilities ?? [];
  const start = add.some(isAll)
    ? machine.ownCapabilities
    : defaultCapabilities.filter((name) => machine.ownCapabilities.includes(name));
  const set = new Set(drop.some(isAll) ? [] : start);
  for (const name of named(add, machine)) set.add(name);
  for (const name of drop.filter((name) => !isAll(name))) set.delete(fullName(name, machine));
  return set;
}

/** Full names; one that this process lacks itself cannot be given and is refused. */
function named(names: readonly string[], machine: Machine): ReadonlySet<string> {
  const full = names.filter((name) => !isAll(name)).map((name) => fullName(name, machine));
  const missing = full.find((name) => !machine.ownCapabilities.includes(name));
  if (missing !== undefined) {
    throw new DomainError('unsupported', `Cannot add ${missing}: the runtime lacks it itself`);
  }
  return new Set(names.some(isAll) ? [...machine.ownCapabilities, ...full] : full);
}

function fullName(name: string, machine: Machine): string {
  const upper = name.toUpperCase();
  const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (machine.knownCapabilities.includes(full)) return full;
  throw new DomainError('invalid', `Unknown capability "${name}"`);
}

function isAll(name: string): boolean {
  return name.toUpperCase() === 'ALL' || name.toUpperCase() === 'CAP_ALL';
}
