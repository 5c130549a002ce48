import { DomainError } from '../base/error.ts';

export { formatIp, parseIp, parsePrefix, type Prefix, writeIpv4 } from '../base/ip.ts';

/** linux/socket.h: AF_*. */
export const family = { unspecified: 0, inet: 1, ipv4: 2, arp: 3, bridge: 7, ipv6: 10 } as const;

/** AF_INET or AF_INET6 of an address's bytes. */
export function familyOf(bytes: Uint8Array): number {
  return bytes.length === 4 ? family.ipv4 : family.ipv6;
}

/** The bytes of `02:42:ac:11:00:02`. Throws DomainError `invalid`. */
export function parseMac(address: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(address)) {
    throw new DomainError('invalid', `"${address}" is not a MAC address`);
  }
  return Uint8Array.from(address.split(':'), (byte) => Number.parseInt(byte, 16));
}

const hexOf = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

export function formatMac(bytes: Uint8Array, start: number, end: number): string {
  let result = '';
  for (let i = start; i < end; i++) result += `${i === start ? '' : ':'}${hexOf[bytes[i] ?? 0]}`;
  return result;
}

export type Family = 'ipv4' | 'ipv6';

/** AF_UNSPEC when none is named: both. */
export function familyNumber(name: Family | undefined): number {
  if (name === undefined) return family.unspecified;
  return name === 'ipv4' ? family.ipv4 : family.ipv6;
}

/** Throws DomainError `invalid`: our requests name a family, so the kernel answers no other. */
export function familyName(number: number): Family {
  if (number === family.ipv4) return 'ipv4';
  if (number === family.ipv6) return 'ipv6';
  throw new DomainError('invalid', `Address family ${number} is neither IPv4 nor IPv6`);
}
