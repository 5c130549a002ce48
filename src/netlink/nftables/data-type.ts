import { DomainError } from '../../base/error.ts';
import { formatIp, formatMac, parseIp, parseMac, parsePrefix, writeIpv4 } from '../ip.ts';
import { hostIsLittle } from '../message.ts';

/** One field of a set's key as a program has it: an address, a port, a name. */
export type FieldValue = string | number;

/** A stretch of values for sets of intervals; both ends belong to it. */
export interface FieldRange {
  readonly from: FieldValue;
  readonly to: FieldValue;
}

interface DataType {
  /** The number that `nft` gives the type, so that it lists our sets as its own. */
  readonly number: number;
  readonly bytes: number;
  readonly hostOrder?: boolean;
  encode(value: FieldValue): Uint8Array;
  decode(bytes: Buffer): FieldValue;
}

const protocols = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 } as const;
export type TransportProtocol = keyof typeof protocols;

export function protocolNumber(name: TransportProtocol): number {
  return protocols[name];
}

/** The types of `nft`, by its names. */
export const dataTypes = {
  ipv4_addr: addressType(7, 4),
  ipv6_addr: addressType(8, 16),
  ether_addr: {
    number: 9,
    bytes: 6,
    encode: (value) => parseMac(String(value)),
    decode: (bytes) => formatMac(bytes, 0, 6),
  },
  inet_proto: {
    number: 12,
    bytes: 1,
    encode: (value) =>
      numberBytes(typeof value === 'string' && isProtocol(value) ? protocols[value] : value, 1),
    decode: (bytes) => protocolName(bytes.readUInt8(0)),
  },
  inet_service: {
    number: 13,
    bytes: 2,
    encode: (value) => numberBytes(value, 2),
    decode: (bytes) => bytes.readUInt16BE(0),
  },
  mark: {
    number: 19,
    bytes: 4,
    hostOrder: true,
    encode: (value) => hostOrder(numberBytes(value, 4)),
    decode: (bytes) => Buffer.from(hostOrder(bytes)).readUInt32BE(0),
  },
  ifname: {
    number: 41,
    bytes: 16,
    hostOrder: true,
    encode: (value) => interfaceName(String(value)),
    decode: (bytes) => bytes.toString('utf8', 0, endOf(bytes)),
  },
} as const satisfies Record<string, DataType>;

export type DataTypeName = keyof typeof dataTypes;

export function typeOf(name: DataTypeName): DataType {
  return dataTypes[name];
}

/** Each type takes 6 bits of a concatenation's number. */
const typeBits = 6;

export function typeNumber(names: readonly DataTypeName[]): number {
  return names.reduce((sum, name) => (sum << typeBits) | dataTypes[name].number, 0);
}

/** The types in a set's number; undefined when one is not known here. */
export function typesIn(number: number): DataTypeName[] | undefined {
  const names: DataTypeName[] = [];
  for (let rest = number; rest > 0; rest >>>= typeBits) {
    const name = (Object.keys(dataTypes) as DataTypeName[]).find(
      (candidate) => dataTypes[candidate].number === (rest & 0x3f),
    );
    if (name === undefined) return undefined;
    names.unshift(name);
  }
  return names;
}

/** Fields stand in registers of 4 bytes: a concatenation pads each of them. */
export function paddedBytes(names: readonly DataTypeName[]): number {
  if (names.length === 1) return dataTypes[names[0] ?? 'mark'].bytes;
  return names.reduce((sum, name) => sum + ((dataTypes[name].bytes + 3) & ~3), 0);
}

/** The bytes of a key. Throws DomainError `invalid` when it does not fit its types. */
export function encodeFields(
  names: readonly DataTypeName[],
  values: readonly FieldValue[],
): Uint8Array {
  if (values.length !== names.length) {
    throw new DomainError('invalid', `A key of ${names.join(' . ')} has ${values.length} fields`);
  }
  const [only] = names;
  if (names.length === 1 && only !== undefined) return dataTypes[only].encode(values[0] ?? '');
  const result = new Uint8Array(paddedBytes(names));
  let offset = 0;
  for (let i = 0; i < names.length; i++) {
    const type = dataTypes[names[i] ?? 'mark'];
    result.set(type.encode(values[i] ?? ''), offset);
    offset += (type.bytes + 3) & ~3;
  }
  return result;
}

/**
 * As encodeFields, into zero bytes that are there already: a large set has tens of thousands of
 * elements, and a small buffer for each field takes longer than all else.
 */
export function encodeFieldsInto(
  bytes: Buffer,
  offset: number,
  { names, values }: { names: readonly DataTypeName[]; values: readonly FieldValue[] },
): void {
  if (values.length !== names.length) encodeFields(names, values);
  let at = offset;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] ?? 'mark';
    const value = values[i] ?? '';
    if (!writePlain(bytes, at, name, value)) bytes.set(dataTypes[name].encode(value), at);
    at += (dataTypes[name].bytes + 3) & ~3;
  }
}

/** What most elements are made of; false for whatever else, and for what may be wrong. */
function writePlain(bytes: Buffer, at: number, ...[name, value]: [DataTypeName, FieldValue]) {
  if (name === 'inet_service' && typeof value === 'number') {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff) return false;
    bytes[at] = value >> 8;
    bytes[at + 1] = value & 0xff;
    return true;
  }
  if (name === 'mark' && typeof value === 'number' && value >= 0 && value <= 0xffffffff) {
    if (!Number.isInteger(value)) return false;
    if (hostIsLittle) bytes.writeUInt32LE(value, at);
    else bytes.writeUInt32BE(value, at);
    return true;
  }
  if (name === 'inet_proto' && typeof value === 'string' && isProtocol(value)) {
    bytes[at] = protocols[value];
    return true;
  }
  return name === 'ipv4_addr' && typeof value === 'string' && writeIpv4(bytes, at, value);
}

export function decodeFields(names: readonly DataTypeName[], bytes: Buffer): FieldValue[] {
  if (bytes.length < paddedBytes(names)) {
    throw new DomainError('invalid', `A key of ${names.join(' . ')} has ${bytes.length} bytes`);
  }
  let offset = 0;
  return names.map((name) => {
    const type: DataType = dataTypes[name];
    const value = type.decode(bytes.subarray(offset, offset + type.bytes));
    offset += (type.bytes + 3) & ~3;
    return value;
  });
}

/** First and last value of a field of an interval: a range, a prefix `10.0.0.0/8`, or one value. */
export function boundsOf(name: DataTypeName, value: FieldValue | FieldRange): [Buffer, Buffer] {
  const type: DataType = dataTypes[name];
  if (typeof value === 'object') {
    return [Buffer.from(type.encode(value.from)), Buffer.from(type.encode(value.to))];
  }
  const isAddress = name === 'ipv4_addr' || name === 'ipv6_addr';
  if (!isAddress || typeof value !== 'string' || !value.includes('/')) {
    return [Buffer.from(type.encode(value)), Buffer.from(type.encode(value))];
  }
  const { bytes, length } = parsePrefix(value);
  checkLength(value, bytes, type.bytes);
  const first = Buffer.from(bytes);
  const last = Buffer.from(bytes);
  for (let bit = length; bit < bytes.length * 8; bit++) {
    const mask = 0x80 >> (bit & 7);
    first[bit >> 3] = (first[bit >> 3] ?? 0) & ~mask;
    last[bit >> 3] = (last[bit >> 3] ?? 0) | mask;
  }
  return [first, last];
}

/** The 16 bytes of a name, as the kernel compares them. */
export function interfaceName(name: string): Buffer {
  const bytes = Buffer.alloc(16);
  if (Buffer.byteLength(name) > 15) {
    throw new DomainError('invalid', `"${name}" is too long for an interface`);
  }
  bytes.write(name);
  return bytes;
}

/** A number in network order. */
export function numberBytes(value: FieldValue, length: number): Uint8Array {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number >= 2 ** (length * 8)) {
    throw new DomainError('invalid', `"${value}" is not a number of ${length} bytes`);
  }
  // Small arrays of this kind stay on the heap; buffers of their own would not.
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = number >>> ((length - 1 - i) * 8);
  return bytes;
}

export function hostOrder(bytes: Uint8Array): Uint8Array {
  return hostIsLittle ? bytes.toReversed() : bytes;
}

function addressType(number: number, bytes: number): DataType {
  return {
    number,
    bytes,
    encode: (value) => checkLength(value, parseIp(String(value)), bytes),
    decode: (source) => formatIp(source),
  };
}

function checkLength(value: FieldValue, bytes: Uint8Array, wanted: number): Uint8Array {
  if (bytes.length === wanted) return bytes;
  throw new DomainError('invalid', `"${value}" is not an IPv${wanted === 4 ? 4 : 6} address`);
}

function isProtocol(name: string): name is TransportProtocol {
  return Object.hasOwn(protocols, name);
}

function protocolName(number: number): FieldValue {
  for (const name of Object.keys(protocols) as TransportProtocol[]) {
    if (protocols[name] === number) return name;
  }
  return number;
}

function endOf(bytes: Buffer): number {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes.length : end;
}
