import { DomainError } from '../base/error.ts';

/**
 * Where something hangs, as `tc` writes it: `root`, `ingress`, `1:` (a qdisc), `1:10` (a class).
 * The parts are hexadecimal.
 */
export type TcHandle = string;

/** linux/pkt_sched.h: TC_H_*. */
const special = new Map<string, number>([
  ['root', 0xffffffff],
  ['ingress', 0xfffffff1],
  ['none', 0],
]);
const nameOf = new Map([...special].map(([name, value]) => [value, name]));

/** Throws DomainError `invalid`. */
export function parseHandle(handle: TcHandle): number {
  const known = special.get(handle);
  if (known !== undefined) return known;
  const parts = /^([0-9a-f]{0,4}):([0-9a-f]{0,4})$/i.exec(handle);
  if (parts === null) throw new DomainError('invalid', `"${handle}" is not a traffic handle`);
  const [major, minor] = [parts[1] ?? '', parts[2] ?? ''];
  return ((Number.parseInt(major || '0', 16) << 16) | Number.parseInt(minor || '0', 16)) >>> 0;
}

export function formatHandle(value: number): TcHandle {
  const name = nameOf.get(value);
  if (name !== undefined) return name;
  const minor = value & 0xffff;
  return `${(value >>> 16).toString(16)}:${minor === 0 ? '' : minor.toString(16)}`;
}
