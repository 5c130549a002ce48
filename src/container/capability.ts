import { DomainError } from '../base/error.ts';
import { operation, type CapabilityMasks, type Operation } from '../kernel/operation.ts';
import type { CapabilitySets } from './spec.ts';

/** In the kernel's order (linux/capability.h): the position is the number. */
const names = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
];

const numbers = new Map(names.map((name, number) => [`CAP_${name}`, number]));

/** Every capability that this version of keelson knows, as CAP_CHOWN. */
export const allCapabilities: readonly string[] = [...numbers.keys()];

/** A set as a bit mask; an unknown name is refused, for leaving it out would grant less. */
export function capabilityMask(set: readonly string[] = []): bigint {
  return set.reduce((mask, name) => {
    const number = numbers.get(name);
    if (number === undefined) throw new DomainError('invalid', `No capability is named "${name}"`);
    return mask | (1n << BigInt(number));
  }, 0n);
}

/**
 * The five sets; what is not given is empty, inheritable above all (CVE-2022-29162). What the
 * runtime itself does not have cannot be given on, and is left out as runc does.
 */
export function capabilityOperations(
  sets: CapabilitySets = {},
  available: bigint,
): { readonly bounding: Operation; readonly rest: Operation } {
  const permitted = capabilityMask(sets.permitted) & available;
  const inheritable = capabilityMask(sets.inheritable) & available;
  const masks: CapabilityMasks = {
    effective: capabilityMask(sets.effective) & permitted,
    permitted,
    inheritable,
    ambient: capabilityMask(sets.ambient) & permitted & inheritable,
  };
  return {
    bounding: operation.bounding(capabilityMask(sets.bounding)),
    rest: operation.capabilities(masks),
  };
}
