import { CniCode, CniError } from '../../src/cni/cni-error.ts';
import { type AddressNumber, addressOf, numberOf } from './number.ts';

/** A range as a configuration has it. */
export interface RangeText {
  readonly subnet: string;
  readonly rangeStart?: string;
  readonly rangeEnd?: string;
  readonly gateway?: string;
}

/** Addresses that may be given out, first to last, all of one subnet. */
export interface Range {
  readonly subnet: string;
  readonly bits: 32 | 128;
  readonly prefixLength: number;
  readonly first: bigint;
  readonly last: bigint;
  readonly gateway: bigint;
}

/** Ranges that one address is taken from, in their order; all of one family. */
export type RangeSet = readonly Range[];

/** Checks a range and fills in what it leaves out, as the reference does. Throws CniError 7. */
export function parseRange(text: RangeText): Range {
  const subnet = parseSubnet(text.subnet);
  const { base, hostBits, bits } = subnet;
  // The last address of an IPv4 subnet is its broadcast address.
  const top = base + (1n << BigInt(hostBits)) - (bits === 32 ? 2n : 1n);
  const within = (address: string | undefined, absent: bigint, what: string) => {
    if (address === undefined || address === '') return absent;
    const { value, bits: width } = parseAddress(address);
    const inside =
      width === bits && value >= base && value >> BigInt(hostBits) === base >> BigInt(hostBits);
    if (!inside) refuse(`${what} ${address} not in network ${text.subnet}`);
    return value;
  };
  const first = within(text.rangeStart, base + 1n, 'RangeStart');
  const last = within(text.rangeEnd, top, 'RangeEnd');
  if (first > last) refuse(`RangeStart ${text.rangeStart} is behind RangeEnd ${text.rangeEnd}`);
  const gateway = text.gateway ? parseAddress(text.gateway).value : base + 1n;
  return { subnet: text.subnet, bits, prefixLength: subnet.prefixLength, first, last, gateway };
}

/** Checks that the ranges of a set belong together and share no address. Throws CniError 7. */
export function parseRangeSet(texts: readonly RangeText[]): RangeSet {
  if (texts.length === 0) refuse('empty range set');
  const set = texts.map(parseRange);
  for (const [index, range] of set.entries()) {
    if (range.bits !== set[0]?.bits) refuse('mixed address families');
    const twin = set.slice(0, index).find((other) => overlap(other, range));
    if (twin) refuse(`subnets ${twin.subnet} and ${range.subnet} overlap`);
  }
  return set;
}

export function overlap(a: Range, b: Range): boolean {
  return a.bits === b.bits && a.first <= b.last && b.first <= a.last;
}

export function contains(set: RangeSet, { value, bits }: AddressNumber): Range | undefined {
  return set.find((range) => range.bits === bits && range.first <= value && value <= range.last);
}

/** For messages: `10.1.0.1-10.1.0.254,10.2.0.1-10.2.0.9`. */
export function describe(set: RangeSet): string {
  return set
    .map(({ first, last, bits }) =>
      [first, last].map((value) => addressOf({ value, bits })).join('-'),
    )
    .join(',');
}

function parseSubnet(text: string) {
  const [address = '', length = ''] = text.split('/');
  const { value, bits } = parseAddress(address);
  const prefixLength = /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (prefixLength < 0 || prefixLength > bits) refuse(`invalid subnet "${text}"`);
  const hostBits = bits - prefixLength;
  if (hostBits < 2) refuse(`Network ${text} too small to allocate from`);
  const base = (value >> BigInt(hostBits)) << BigInt(hostBits);
  if (base !== value) {
    const should = addressOf({ value: base, bits });
    refuse(
      `Network has host bits set. For a subnet mask of length ${prefixLength} ` +
        `the network address is ${should}`,
    );
  }
  return { base, hostBits, bits, prefixLength };
}

function parseAddress(text: string): AddressNumber {
  try {
    return numberOf(text);
  } catch {
    return refuse(`invalid IP address "${text}"`);
  }
}

function refuse(problem: string): never {
  throw new CniError(CniCode.invalidConfiguration, problem);
}
