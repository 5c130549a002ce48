import { DomainError } from './error.ts';

/** A value with its own type, as D-Bus' `v`. */
export interface Variant {
  readonly signature: string;
  readonly value: DbusValue;
}

export type DbusValue = string | number | bigint | boolean | Variant | readonly DbusValue[];

export interface DbusMessage {
  readonly type: 'call' | 'return' | 'error' | 'signal';
  readonly serial: number;
  readonly replySerial: number;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly errorName: string;
  readonly body: readonly DbusValue[];
}

const types = ['', 'call', 'return', 'error', 'signal'] as const;

/** Fields of the header, dbus-specification "Message Format". */
const field = {
  path: 1,
  interface: 2,
  member: 3,
  error: 4,
  reply: 5,
  destination: 6,
  signature: 8,
};

export interface DbusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly DbusValue[];
}

/** A method call, little-endian. */
export function encodeCall(serial: number, call: DbusCall): Buffer {
  const { signature = '', body = [] } = call;
  const content = new Writer();
  content.sequence(signature, body);
  const header = new Writer();
  header.sequence('yyyyuu', [0x6c, 1, 0, 1, content.size, serial]);
  const fields: DbusValue[] = [
    [field.path, { signature: 'o', value: call.path }],
    [field.interface, { signature: 's', value: call.interface }],
    [field.member, { signature: 's', value: call.member }],
    [field.destination, { signature: 's', value: call.destination }],
    ...(signature === '' ? [] : [[field.signature, { signature: 'g', value: signature }]]),
  ];
  header.sequence('a(yv)', [fields]);
  header.align(8);
  return Buffer.concat([header.bytes(), content.bytes()]);
}

/** How many bytes the message has that begins here; undefined while that is not known. */
export function messageLength(buffer: Buffer): number | undefined {
  if (buffer.length < 16) return undefined;
  if (buffer[0] !== 0x6c) throw malformed('is not little-endian');
  const fields = buffer.readUInt32LE(12);
  const body = buffer.readUInt32LE(4);
  const length = 16 + Math.ceil(fields / 8) * 8 + body;
  if (length > maximumBytes) throw malformed(`of ${length} bytes`);
  return length;
}

const maximumBytes = 1024 * 1024;

export function decodeMessage(buffer: Buffer): DbusMessage {
  const reader = new Reader(buffer);
  const [, type, , , bodyLength, serial] = reader.sequence('yyyyuu') as number[];
  const [entries] = reader.sequence('a(yv)') as [readonly (readonly [number, Variant])[]];
  const fields = new Map(entries.map(([code, variant]) => [code, variant.value]));
  reader.align(8);
  const text = (code: number): string => textOf(fields.get(code));
  const body = (bodyLength ?? 0) === 0 ? [] : reader.sequence(text(field.signature));
  return {
    type: types[type ?? 0] || 'signal',
    serial: serial ?? 0,
    replySerial: Number(fields.get(field.reply) ?? 0),
    path: text(field.path),
    interface: text(field.interface),
    member: text(field.member),
    errorName: text(field.error),
    body,
  };
}

/** The complete types of a signature: `sa(sv)u` is `s`, `a(sv)`, `u`. */
export function splitSignature(signature: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at < signature.length;) {
    const end = endOfType(signature, at);
    parts.push(signature.slice(at, end));
    at = end;
  }
  return parts;
}

function endOfType(signature: string, start: number): number {
  const first = signature[start];
  if (first === 'a') return endOfType(signature, start + 1);
  if (first !== '(' && first !== '{') {
    if (first === undefined || !'ybnqiuxtdsogvh'.includes(first)) throw malformed('has no type');
    return start + 1;
  }
  const close = first === '(' ? ')' : '}';
  let at = start + 1;
  while (signature[at] !== close) {
    if (at >= signature.length) throw malformed('has an open structure');
    at = endOfType(signature, at);
  }
  return at + 1;
}

const sizes: Readonly<Record<string, number>> = { y: 1, n: 2, q: 2, b: 4, i: 4, u: 4, h: 4 };

function alignmentOf(type: string): number {
  const [first = ''] = type;
  if ('xtd({'.includes(first)) return 8;
  if ('gvy'.includes(first)) return 1;
  return sizes[first] ?? 4;
}

/** A value that is known to be text or a number; '' for anything else. */
export function textOf(value: DbusValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

class Writer {
  #buffer = Buffer.alloc(256);
  size = 0;

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.size);
  }

  align(boundary: number): void {
    this.#reserve(Math.ceil(this.size / boundary) * boundary - this.size);
  }

  sequence(signature: string, values: readonly DbusValue[]): void {
    for (const [index, type] of splitSignature(signature).entries()) {
      const value = values[index];
      if (value === undefined) throw malformed(`lacks a value for "${type}"`);
      this.#value(type, value);
    }
  }

  #value(type: string, value: DbusValue): void {
    this.align(alignmentOf(type));
    const [first = ''] = type;
    if (first === 'a') this.#array(type.slice(1), value as readonly DbusValue[]);
    else if (first === '(' || first === '{') {
      this.sequence(type.slice(1, -1), value as readonly DbusValue[]);
    } else if (first === 'v') {
      const variant = value as Variant;
      this.#text(variant.signature, 1);
      this.#value(variant.signature, variant.value);
    } else if (first === 's' || first === 'o') this.#text(textOf(value), 4);
    else if (first === 'g') this.#text(textOf(value), 1);
    else this.#number(first, value);
  }

  #number(type: string, value: DbusValue): void {
    if (type === 't' || type === 'x') {
      const at = this.#reserve(8);
      this.#buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value as bigint | number)), at);
      return;
    }
    const size = sizes[type] ?? 4;
    const at = this.#reserve(size);
    this.#buffer.writeUIntLE(Number(value) >>> 0, at, size);
  }

  #array(type: string, values: readonly DbusValue[]): void {
    const at = this.#reserve(4);
    this.align(alignmentOf(type));
    const start = this.size;
    for (const value of values) this.#value(type, value);
    this.#buffer.writeUInt32LE(this.size - start, at);
  }

  #text(text: string, lengthBytes: 1 | 4): void {
    if (text.includes('\0')) throw new DomainError('invalid', 'A D-Bus string with a NUL byte');
    const bytes = Buffer.from(text);
    if (lengthBytes === 1 && bytes.length > 255) throw malformed('has a signature too long');
    const at = this.#reserve(lengthBytes);
    this.#buffer.writeUIntLE(bytes.length, at, lengthBytes);
    const start = this.#reserve(bytes.length + 1);
    bytes.copy(this.#buffer, start);
  }

  /** Zeroed bytes at the end; where they begin. */
  #reserve(size: number): number {
    const at = this.size;
    if (at + size > this.#buffer.length) {
      this.#buffer = Buffer.concat([this.#buffer, Buffer.alloc(this.#buffer.length + size)]);
    }
    this.size += size;
    return at;
  }
}

class Reader {
  readonly #buffer: Buffer;
  #at = 0;
  #depth = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  align(boundary: number): void {
    this.#at = Math.ceil(this.#at / boundary) * boundary;
  }

  sequence(signature: string): DbusValue[] {
    return splitSignature(signature).map((type) => this.#value(type));
  }

  #value(type: string): DbusValue {
    // A variant may hold a variant, and so on, at two bytes each.
    if (++this.#depth > 32) throw malformed('is nested too deep');
    try {
      this.align(alignmentOf(type));
      const [first = ''] = type;
      if (first === 'a') return this.#array(type.slice(1));
      if (first === '(' || first === '{') return this.sequence(type.slice(1, -1));
      if (first === 'v') return this.#variant();
      if (first === 's' || first === 'o') return this.#text(4);
      return first === 'g' ? this.#text(1) : this.#number(first);
    } finally {
      this.#depth--;
    }
  }

  #variant(): Variant {
    const signature = this.#text(1);
    if (splitSignature(signature).length !== 1) throw malformed('has a variant of no single type');
    return { signature, value: this.#value(signature) };
  }

  #number(type: string): DbusValue {
    if (type === 't') return this.#take(8).readBigUInt64LE();
    if (type === 'x') return this.#take(8).readBigInt64LE();
    if (type === 'd') return this.#take(8).readDoubleLE();
    const size = sizes[type] ?? 4;
    const bytes = this.#take(size);
    if (type === 'b') return bytes.readUInt32LE() !== 0;
    return type === 'i' || type === 'n' ? bytes.readIntLE(0, size) : bytes.readUIntLE(0, size);
  }

  #array(type: string): DbusValue[] {
    const length = this.#take(4).readUInt32LE();
    this.align(alignmentOf(type));
    const end = this.#at + length;
    if (end > this.#buffer.length) throw malformed('is cut short');
    const values: DbusValue[] = [];
    while (this.#at < end) values.push(this.#value(type));
    return values;
  }

  #text(lengthBytes: 1 | 4): string {
    const length = this.#take(lengthBytes).readUIntLE(0, lengthBytes);
    return this.#take(length + 1).toString('utf8', 0, length);
  }

  #take(size: number): Buffer {
    const at = this.#at;
    this.#at += size;
    if (this.#at > this.#buffer.length) throw malformed('is cut short');
    return this.#buffer.subarray(at, this.#at);
  }
}

function malformed(why: string): DomainError {
  return new DomainError('invalid', `A D-Bus message ${why}`);
}
