import { formatIp, parseIp } from '../../src/netlink/ip.ts';

/** An address as a number, for arithmetic: 32 bits wide, or 128. */
export interface AddressNumber {
  readonly value: bigint;
  readonly bits: 32 | 128;
}

/** Throws DomainError `invalid`. An IPv4 address in IPv6 notation (`::ffff:1.2.3.4`) is IPv4. */
export function numberOf(address: string): AddressNumber {
  const bytes = parseIp(address);
  const value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const mapped = bytes.length === 16 && value >> 32n === 0xffffn;
  if (mapped) return { value: value & 0xffffffffn, bits: 32 };
  return { value, bits: bytes.length === 4 ? 32 : 128 };
}

export function addressOf({ value, bits }: AddressNumber): string {
  return formatIp(Buffer.from(value.toString(16).padStart(bits / 4, '0'), 'hex'));
}
