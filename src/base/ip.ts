import { isIPv6 } from 'node:net';
import { DomainError } from './error.ts';

/** An address with the length of its network, as in `10.0.0.0/24`. */
export interface Prefix {
  readonly address: string;
  readonly length: number;
  readonly bytes: Uint8Array;
}

/** The 4 or 16 bytes of an address. Throws DomainError `invalid`. */
export function parseIp(address: string): Uint8Array {
  const four = parseIpv4(address);
  if (four !== undefined) return four;
  if (isIPv6(address) && !address.includes('%')) return parseIpv6(address);
  throw new DomainError('invalid', `"${address}" is not an IP address`);
}

function parseIpv4(address: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  return writeIpv4(bytes, 0, address) ? bytes : undefined;
}

/**
 * Writes four bytes; false for what is no IPv4 address. In one pass and without a buffer, since
 * maps of services have tens of thousands of addresses.
 */
export function writeIpv4(bytes: Uint8Array, offset: number, address: string): boolean {
  let index = 0;
  let value = -1;
  for (let i = 0; i < address.length; i++) {
    const digit = address.charCodeAt(i) - 48;
    if (digit === dot && value >= 0 && index < 3) {
      bytes[offset + index++] = value;
      value = -1;
    } else if (digit < 0 || digit > 9 || value === 0) {
      return false;
    } else {
      value = value < 0 ? digit : value * 10 + digit;
      if (value > 255) return false;
    }
  }
  if (index !== 3 || value < 0) return false;
  bytes[offset + 3] = value;
  return true;
}

const dot = '.'.charCodeAt(0) - 48;

function parseIpv6(address: string): Uint8Array {
  const bytes = new Uint8Array(16);
  const [head = '', tail] = address.split('::');
  const last = tail === undefined ? [] : bytesOfGroups(tail);
  bytes.set(bytesOfGroups(head));
  bytes.set(last, 16 - last.length);
  return bytes;
}

/** Bytes of colon-separated groups; the last may be a dotted IPv4 address. */
function bytesOfGroups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** Text of 4 or 16 bytes; IPv6 as RFC 5952 writes it. Throws DomainError `invalid`. */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  if (bytes.length === 16) return formatIpv6(bytes);
  throw new DomainError('invalid', `An IP address of ${bytes.length} bytes`);
}

function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => groupAt(bytes, i));
  if (groups[5] === 0xffff && groups.slice(0, 5).every((value) => value === 0)) {
    return `::ffff:${formatIp(bytes.subarray(12))}`;
  }
  const zeros = longestZeros(groups);
  const hex = groups.map((value) => value.toString(16));
  if (zeros.length < 2) return hex.join(':');
  const after = hex.slice(zeros.start + zeros.length);
  return `${hex.slice(0, zeros.start).join(':')}::${after.join(':')}`;
}

function groupAt(bytes: Uint8Array, index: number): number {
  return ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0);
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (i < groups.length && groups[i] === 0) continue;
    if (i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best;
}

/**
 * `10.0.0.1/24`, or an address alone, which has its full length (32 or 128).
 * Throws DomainError `invalid`.
 */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const bytes = parseIp(address);
  const full = bytes.length * 8;
  if (slash < 0) return { address, length: full, bytes };
  const lengthText = text.slice(slash + 1);
  const length = Number(lengthText);
  if (!/^(0|[1-9]\d{0,2})$/.test(lengthText) || length > full) {
    throw new DomainError('invalid', `"${text}" is not an address with a prefix length`);
  }
  return { address, length, bytes };
}
