import { readFileSync } from 'node:fs';
import { DomainError } from '../base/error.ts';
import { addon } from './addon.ts';

/** By their numbers in linux/capability.h. */
export const capabilityNames = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const;

export type CapabilityName = (typeof capabilityNames)[number];

/** The five sets of a thread, capabilities(7). */
export interface CapabilitySets<Set = CapabilityName[]> {
  readonly effective: Set;
  readonly permitted: Set;
  readonly inheritable: Set;
  readonly bounding: Set;
  readonly ambient: Set;
}

/**
 * The number of a capability by its name, with or without `CAP_`, in any case.
 * Throws DomainError `invalid` for a name that is none.
 */
export function capabilityNumber(name: string): number {
  const upper = name.toUpperCase();
  const whole = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  const number = capabilityNames.findIndex((each) => each === whole);
  if (number < 0) throw new DomainError('invalid', `"${name}" is no capability`);
  return number;
}

/** Names as a mask. */
export function capabilityMask(names: readonly string[]): bigint {
  return names.reduce((mask, name) => mask | (1n << BigInt(capabilityNumber(name))), 0n);
}

/** A mask as names; bits of capabilities newer than this table are left out. */
export function capabilitiesOf(mask: bigint): CapabilityName[] {
  return capabilityNames.filter((_, number) => (mask & (1n << BigInt(number))) !== 0n);
}

/** The capabilities that this kernel has: a newer table than the kernel's names more. */
export function kernelCapabilities(): CapabilityName[] {
  const last = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));
  return capabilityNames.slice(0, last + 1);
}

/**
 * The sets of a process (of its first thread). Throws DomainError `notFound` when it has ended.
 * Equivalent: `getpcaps PID`.
 */
export function processCapabilities(pid: number | 'self' = 'self'): CapabilitySets {
  const status = statusOf(pid);
  const set = (field: string) => {
    const hexadecimal = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
    return capabilitiesOf(BigInt(`0x${hexadecimal ?? '0'}`));
  };
  return {
    effective: set('CapEff'),
    permitted: set('CapPrm'),
    inheritable: set('CapInh'),
    bounding: set('CapBnd'),
    ambient: set('CapAmb'),
  };
}

/** Three of the sets as capget(2) gives them, of any process or thread. */
export function capget(
  pid: number,
): Pick<CapabilitySets, 'effective' | 'permitted' | 'inheritable'> {
  const [effective = 0n, permitted = 0n, inheritable = 0n] = addon.capget(pid);
  return {
    effective: capabilitiesOf(effective),
    permitted: capabilitiesOf(permitted),
    inheritable: capabilitiesOf(inheritable),
  };
}

/**
 * Changes three sets of the calling thread, capset(2); what is left out stays. On a worker thread
 * of your own: Node's other threads keep theirs. EPERM: permitted can only shrink.
 */
export function capset(
  sets: Partial<
    Readonly<Record<'effective' | 'permitted' | 'inheritable', readonly CapabilityName[]>>
  >,
): void {
  const [effective = 0n, permitted = 0n, inheritable = 0n] = addon.capget(0);
  const mask = (names: readonly CapabilityName[] | undefined, now: bigint) =>
    names === undefined ? now : capabilityMask(names);
  addon.capset(
    mask(sets.effective, effective),
    mask(sets.permitted, permitted),
    mask(sets.inheritable, inheritable),
  );
}

/** Takes a capability from the calling thread's bounding set, for good. Needs CAP_SETPCAP. */
export function dropBounding(name: CapabilityName): void {
  addon.dropBounding(capabilityNumber(name));
}

/** Adds to the calling thread's ambient set what is both permitted and inheritable (else EPERM). */
export function raiseAmbient(name: CapabilityName): void {
  addon.changeAmbient(2, capabilityNumber(name));
}

/** Takes from the calling thread's ambient set: one, or all without a name. */
export function lowerAmbient(name?: CapabilityName): void {
  if (name === undefined) addon.changeAmbient(4, 0);
  else addon.changeAmbient(3, capabilityNumber(name));
}

function statusOf(pid: number | 'self'): string {
  try {
    // thread-self: after capset in a worker, /proc/self still tells of the main thread.
    return readFileSync(`/proc/${pid === 'self' ? 'thread-self' : pid}/status`, 'utf8');
  } catch (cause) {
    throw new DomainError('notFound', `Process ${pid} does not exist`, { cause });
  }
}
