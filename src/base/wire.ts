import { DomainError } from './error.ts';

const twoTo32 = 0x1_0000_0000;

/** Protocol buffers' wire types. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Appends encoded values to a growing buffer. */
export class WireWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  tag(number: number, type: number): void {
    this.unsigned(number * 8 + type);
  }

  /** A whole number up to 2^53. */
  unsigned(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** 64 bits in two's complement; clamped, so that a rounded 2^63 does not turn negative. */
  signed(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
      this.unsigned(Math.trunc(value));
    } else {
      this.#big(clamp(toBigInt(value), -(2n ** 63n), 2n ** 63n - 1n));
    }
  }

  /** 64 bits without a sign; clamped. */
  natural(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER) {
      this.unsigned(Math.trunc(value));
    } else {
      this.#big(clamp(toBigInt(value), 0n, 2n ** 64n - 1n));
    }
  }

  double(value: number): void {
    this.#reserve(8);
    this.#bytes.writeDoubleLE(value, this.#length);
    this.#length += 8;
  }

  bytes(value: Uint8Array): void {
    this.unsigned(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.unsigned(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length, 'utf8');
  }

  #big(value: bigint): void {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 127n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Reads encoded values; a DomainError `invalid` where the bytes end too early or make no sense. */
export class WireReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** A varint as two halves of 32 bits. */
  varint(): { low: number; high: number } {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= (bits & 15) << 28;
        high |= bits >> 4;
      } else if (shift < 63) high |= bits << (shift - 32);
      else high |= (bits & 1) << 31;
      if (byte < 128) return { low: low >>> 0, high: high >>> 0 };
    }
    throw malformed('a number of more than ten bytes');
  }

  unsigned32(): number {
    return this.varint().low;
  }

  signed32(): number {
    return this.varint().low | 0;
  }

  natural(): number {
    const { low, high } = this.varint();
    return high * twoTo32 + low;
  }

  signed(): number {
    const { low, high } = this.varint();
    return (high | 0) * twoTo32 + low;
  }

  double(): number {
    const at = this.#take(8);
    return this.#bytes.readDoubleLE(at);
  }

  /** A copy: the buffer that came from the socket is not kept alive. */
  bytes(): Buffer {
    const length = this.natural();
    const at = this.#take(length);
    return Buffer.from(this.#bytes.subarray(at, at + length));
  }

  string(): string {
    const length = this.natural();
    const at = this.#take(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  /** A reader of the length-delimited value that follows. */
  nested(): WireReader {
    const length = this.natural();
    const at = this.#take(length);
    return new WireReader(this.#bytes, at, at + length);
  }

  skip(type: number): void {
    if (type === wireType.varint) this.varint();
    else if (type === wireType.fixed64) this.#take(8);
    else if (type === wireType.bytes) this.#take(this.natural());
    else if (type === wireType.fixed32) this.#take(4);
    else throw malformed(`wire type ${type}`);
  }

  #byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    if (byte === undefined) throw malformed('a value cut short');
    this.#at += 1;
    return byte;
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) throw malformed('a value cut short');
    this.#at = at + length;
    return at;
  }
}

function toBigInt(value: number | bigint): bigint {
  return typeof value === 'bigint' ? value : BigInt(Math.trunc(value));
}

function clamp(value: bigint, lowest: bigint, highest: bigint): bigint {
  if (value < lowest) return lowest;
  return value > highest ? highest : value;
}

export function malformed(what: string): DomainError {
  return new DomainError('invalid', `Malformed message: ${what}`);
}
