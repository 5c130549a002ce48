import { DomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';

/** A rule of the OCI runtime specification (`linux.resources.devices`). */
export interface DeviceRule {
  readonly allow: boolean;
  /** `a` (both, the default), `b` (block) or `c` (character). */
  readonly type?: string;
  /** Every number when left out or -1. */
  readonly major?: number;
  readonly minor?: number;
  /** Letters of r (read), w (write) and m (mknod); all of them when left out. */
  readonly access?: string;
}

/** Bits as the kernel has them: BPF_DEVCG_ACC_MKNOD, _READ, _WRITE. */
export const deviceAccess = { m: 1, r: 2, w: 4 } as const;
export const everyAccess = 7;

/** What one rule decides: for some devices and some kinds of access, allow or deny. */
export interface DeviceDecision {
  readonly allow: boolean;
  readonly type: 'b' | 'c' | undefined;
  readonly major: number | undefined;
  readonly minor: number | undefined;
  readonly access: number;
}

/** Decisions to try from first to last, and the answer for whatever none of them decides. */
export interface DevicePolicy {
  readonly decisions: readonly DeviceDecision[];
  readonly otherwise: boolean;
}

/**
 * Reduces rules to a policy. The last rule that speaks of a device and a kind of access decides; an
 * access of several kinds (open for reading and writing) needs each of them; without a rule, access
 * is denied. A rule for all devices makes those before it moot.
 *
 * runc asks for one rule that covers all kinds at once, so that there `deny c 1:3 w` does not keep
 * from opening for reading and writing; here it does.
 */
export function policyOf(rules: readonly DeviceRule[]): DevicePolicy {
  if (rules.length > limits.deviceRules) {
    throw new DomainError(
      'invalid',
      `${rules.length} device rules (${limits.deviceRules} allowed)`,
    );
  }
  const decided = new Map<string, number>();
  const decisions: DeviceDecision[] = [];
  for (const decision of rules.map(decisionOf).toReversed()) {
    if (isForAll(decision)) return trimmed({ decisions, otherwise: decision.allow });
    const devices = `${decision.type} ${decision.major} ${decision.minor}`;
    const known = decided.get(devices) ?? 0;
    const access = decision.access & ~known;
    decided.set(devices, known | access);
    if (access !== 0) decisions.push({ ...decision, access });
  }
  return trimmed({ decisions, otherwise: false });
}

/**
 * What the OCI runtime specification's default devices need, and mknod of any device (making a node
 * is harmless where opening it is refused). runc adds the same rules after those of the container.
 */
export const defaultDeviceRules: readonly DeviceRule[] = [
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...[
    { major: 1, minor: 3 }, // null
    { major: 1, minor: 5 }, // zero
    { major: 1, minor: 7 }, // full
    { major: 1, minor: 8 }, // random
    { major: 1, minor: 9 }, // urandom
    { major: 5, minor: 0 }, // tty
    { major: 5, minor: 1 }, // console
    { major: 5, minor: 2 }, // ptmx
    { major: 136 }, // pts
  ].map((device) => ({ allow: true, type: 'c', ...device, access: 'rwm' })),
];

/** The last decisions say nothing new when they agree with the answer for the rest. */
function trimmed({ decisions, otherwise }: DevicePolicy): DevicePolicy {
  const last = decisions.findLastIndex(({ allow }) => allow !== otherwise);
  return { decisions: decisions.slice(0, last + 1), otherwise };
}

function isForAll({ type, major, minor, access }: DeviceDecision): boolean {
  return [type, major, minor].every((part) => part === undefined) && access === everyAccess;
}

function decisionOf(rule: DeviceRule): DeviceDecision {
  return {
    allow: rule.allow,
    type: typeOf(rule),
    // Linux has 12 bits for the major and 20 for the minor number.
    major: numberIn(rule, 'major', 0xfff),
    minor: numberIn(rule, 'minor', 0xfffff),
    access: accessOf(rule),
  };
}

function typeOf(rule: DeviceRule): 'b' | 'c' | undefined {
  if (rule.type === undefined || rule.type === '' || rule.type === 'a') return undefined;
  if (rule.type === 'b') return 'b';
  // u is the specification's other word for a character device.
  if (rule.type === 'c' || rule.type === 'u') return 'c';
  return refuse(rule, 'has a type that is not a, b or c');
}

function numberIn(rule: DeviceRule, name: 'major' | 'minor', maximum: number): number | undefined {
  const value = rule[name] ?? -1;
  if (value === -1) return undefined;
  if (Number.isInteger(value) && value >= 0 && value <= maximum) return value;
  return refuse(rule, `has a ${name} number that is not from 0 to ${maximum}`);
}

function accessOf(rule: DeviceRule): number {
  const letters = rule.access === undefined || rule.access === '' ? 'rwm' : rule.access;
  if (!/^[rwm]+$/.test(letters)) refuse(rule, 'has an access that is not letters of r, w and m');
  const { m, r, w } = deviceAccess;
  return (
    (letters.includes('m') ? m : 0) |
    (letters.includes('r') ? r : 0) |
    (letters.includes('w') ? w : 0)
  );
}

function refuse(rule: DeviceRule, why: string): never {
  throw new DomainError('invalid', `Device rule ${JSON.stringify(rule)} ${why}`);
}
