import { DomainError } from '../../base/error.ts';
import { typeOf, type DataTypeName } from './data-type.ts';
import type { KnownExpression } from './expression.ts';

/** What of a packet can be put into a register: its type for sets, and how it gets there. */
interface Field {
  readonly type: DataTypeName;
  load(register: number): KnownExpression;
}

/** Offsets in the headers of IPv4, IPv6, Ethernet, and of TCP, UDP and SCTP alike. */
const fields = {
  sourceIp: payload('ipv4_addr', 'network', 12),
  destinationIp: payload('ipv4_addr', 'network', 16),
  sourceIp6: payload('ipv6_addr', 'network', 8),
  destinationIp6: payload('ipv6_addr', 'network', 24),
  sourcePort: payload('inet_service', 'transport', 0),
  destinationPort: payload('inet_service', 'transport', 2),
  sourceMac: payload('ether_addr', 'link', 6),
  destinationMac: payload('ether_addr', 'link', 0),
  protocol: { type: 'inet_proto', load: (register) => meta('l4proto', register) },
  mark: { type: 'mark', load: (register) => meta('mark', register) },
  inputInterface: { type: 'ifname', load: (register) => meta('iifname', register) },
  outputInterface: { type: 'ifname', load: (register) => meta('oifname', register) },
} as const satisfies Record<string, Field>;

export type FieldName = keyof typeof fields;

/** The types of a key of these fields, for `addSet`. */
export function typesOf(names: readonly FieldName[]): DataTypeName[] {
  return names.map((name) => fields[name].type);
}

/** Registers hold 64 bytes in all. */
const registerBytes = 64;
const firstRegister = 1;
/** NFT_REG32_00: the same memory in steps of 4 bytes. */
const firstSmallRegister = 8;

/** Puts fields side by side, as the key of a concatenation; returns where the next may stand. */
export function load(names: readonly FieldName[]): {
  readonly expressions: KnownExpression[];
  readonly next: number;
} {
  let offset = 0;
  const expressions = names.map((name) => {
    const field: Field = fields[name];
    const expression = field.load(registerAt(offset));
    offset += (typeOf(field.type).bytes + 3) & ~3;
    return expression;
  });
  if (offset > registerBytes) {
    throw new DomainError('invalid', `${names.join(' . ')} is longer than the registers`);
  }
  return { expressions, next: registerAt(offset) };
}

/** `nft` names the first by its 16-byte number; to the kernel both are one. */
export function registerAt(offset: number): number {
  return offset === 0 ? firstRegister : firstSmallRegister + offset / 4;
}

function meta(key: 'l4proto' | 'mark' | 'iifname' | 'oifname', register: number): KnownExpression {
  return { name: 'meta', key, register };
}

function payload(
  type: DataTypeName,
  base: 'link' | 'network' | 'transport',
  offset: number,
): Field {
  const length = typeOf(type).bytes;
  return { type, load: (register) => ({ name: 'payload', register, base, offset, length }) };
}
