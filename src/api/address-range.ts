import { isIP } from 'node:net';
import { DomainError } from '../base/error.ts';
import { formatIp, parseIp, parsePrefix } from '../base/ip.ts';

export type IpFamily = 'IPv4' | 'IPv6';

/** Addresses that somebody gives out by their number, as in `10.96.0.0/16` or `fd96::/108`. */
export class AddressRange {
  readonly family: IpFamily;
  /** Of its prefix. */
  readonly bits: number;
  readonly #first: bigint;
  readonly #bytes: 4 | 16;

  /** Bits beyond the prefix's length do not count. Throws DomainError `invalid`. */
  constructor(text: string) {
    if (!text.includes('/')) throw new DomainError('invalid', `"${text}" is not a range`);
    const { bytes, length } = parsePrefix(text);
    this.#bytes = bytes.length === 4 ? 4 : 16;
    this.family = bytes.length === 4 ? 'IPv4' : 'IPv6';
    this.bits = length;
    const rest = BigInt(bytes.length * 8 - length);
    this.#first = (numberOf(bytes) >> rest) << rest;
  }

  /** How many addresses it has. */
  get size(): bigint {
    return 1n << BigInt(this.#bytes * 8 - this.bits);
  }

  /** The address of that number, from 0. */
  at(index: bigint | number): string {
    const digits = (this.#first + BigInt(index)).toString(16).padStart(this.#bytes * 2, '0');
    return formatIp(Buffer.from(digits, 'hex'));
  }

  /** False for what is no address, too. */
  holds(address: string): boolean {
    if (isIP(address) === 0 || familyOfText(address) !== this.family) return false;
    const index = numberOf(parseIp(address)) - this.#first;
    return index >= 0n && index < this.size;
  }

  toString(): string {
    return `${this.at(0)}/${this.bits}`;
  }
}

/**
 * One range, or two of different families parted by a comma, the first of which is the cluster's
 * own. Throws DomainError `invalid`.
 */
export function parseRanges(text: string): readonly [AddressRange, AddressRange?] {
  const [first, second, ...others] = text.split(',').map((one) => new AddressRange(one));
  if (first === undefined || others.length > 0 || first.family === second?.family) {
    throw new DomainError('invalid', `"${text}" is not one range, or one of each family`);
  }
  return second === undefined ? [first] : [first, second];
}

/** As a cluster's objects have them: whatever has a colon is IPv6. */
export function familyOfText(address: string): IpFamily {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}
