import type { AnyMessage, Draft, Field, FieldKind, Message } from './message.ts';
import { malformed, WireReader, wireType, WireWriter } from '../base/wire.ts';

/** Messages inside messages; those of the CRI nest six deep. */
const maximumDepth = 32;

type Value = Record<string, unknown>;

interface Table {
  readonly fields: readonly Field[];
  readonly byNumber: ReadonlyMap<number, Field>;
}

/** A message that was encoded before, and goes into another one as it is. */
export class Encoded {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** In the place of the message that it is. */
  static of<T>(message: Message<T>, value: Draft<NoInfer<T>>): Draft<T> {
    return Encoded.as(message, Buffer.from(encode(message, value)));
  }

  /** The same of bytes that are at hand. */
  static as<T>(_: Message<T>, bytes: Buffer): Draft<T> {
    return new Encoded(bytes) as unknown as Draft<T>;
  }
}

/** Protocol buffer bytes of a message; the inverse of {@link decode}. */
export function encode<T>(message: Message<T>, value: Draft<NoInfer<T>>): Buffer {
  if (value instanceof Encoded) return value.bytes;
  const writer = new WireWriter();
  writeMessage(writer, tableOf(message), value as Value);
  return writer.finish();
}

/**
 * The message in the bytes, with empty values for what is absent. Fields that the table does not
 * have are read over. Throws DomainError `invalid`.
 */
export function decode<T>(message: Message<T>, bytes: Buffer): T {
  return readMessage(new WireReader(bytes), tableOf(message), 0) as T;
}

const tables = new WeakMap<object, Table>();

function tableOf(message: AnyMessage | undefined): Table {
  if (message === undefined) throw new Error('a message field without a table');
  const known = tables.get(message);
  if (known !== undefined) return known;
  const fields = message.fields();
  const table = { fields, byNumber: new Map(fields.map((field) => [field[0], field])) };
  tables.set(message, table);
  return table;
}

function writeMessage(writer: WireWriter, table: Table, value: Value): void {
  for (const field of table.fields) {
    const item = value[field[1]];
    if (item === undefined || item === null) continue;
    if (field[3] === 'repeated') writeRepeated(writer, field, item as readonly unknown[]);
    else if (field[3] === 'map') writeMap(writer, field, item as Value);
    else if (field[3] === 'optional' || !isZero(item)) writeField(writer, field, item);
  }
}

function isZero(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.length === 0;
  return value === 0 || value === '' || value === false || value === 0n;
}

/** Repeated numbers are packed: one length, then the values, as proto3 has it. */
function writeRepeated(writer: WireWriter, field: Field, items: readonly unknown[]): void {
  if (!isNumber(field[2])) {
    for (const item of items) writeField(writer, field, item);
  } else if (items.length > 0) {
    const packed = new WireWriter();
    for (const item of items) writeScalar(packed, field[2], item);
    writer.tag(field[0], wireType.bytes);
    writer.bytes(packed.finish());
  }
}

/** A map is repeated entries of two fields, the key and the value. */
function writeMap(writer: WireWriter, field: Field, value: Value): void {
  for (const [key, item] of Object.entries(value)) {
    const entry = new WireWriter();
    writeField(entry, [1, 'key', 'string', 'plain'], key);
    writeField(entry, [2, 'value', field[2], 'plain'], item);
    writer.tag(field[0], wireType.bytes);
    writer.bytes(entry.finish());
  }
}

function writeField(writer: WireWriter, field: Field, value: unknown): void {
  const kind = field[2];
  if (value instanceof Encoded) {
    writer.tag(field[0], wireType.bytes);
    writer.bytes(value.bytes);
  } else if (kind === 'message') {
    const inner = new WireWriter();
    writeMessage(inner, tableOf(field[4]), value as Value);
    writer.tag(field[0], wireType.bytes);
    writer.bytes(inner.finish());
  } else {
    writer.tag(field[0], wireTypeOf(kind));
    writeScalar(writer, kind, value);
  }
}

function writeScalar(writer: WireWriter, kind: FieldKind, value: unknown): void {
  if (kind === 'string') writer.string(String(value));
  else if (kind === 'bytes') writer.bytes(value as Uint8Array);
  else if (kind === 'bool') writer.unsigned(value === true ? 1 : 0);
  else if (kind === 'double') writer.double(Number(value));
  else if (kind === 'uint64' || kind === 'uint32') writer.natural(value as number | bigint);
  else writer.signed(value as number | bigint);
}

function readMessage(reader: WireReader, table: Table, depth: number): Value {
  if (depth > maximumDepth) throw malformed(`nested more than ${maximumDepth} deep`);
  const value = emptyOf(table);
  while (!reader.done) {
    const tag = reader.unsigned32();
    const field = table.byNumber.get(tag >>> 3);
    const type = tag & 7;
    if (tag >>> 3 === 0) throw malformed('field number 0');
    if (field === undefined || !fits(field, type)) reader.skip(type);
    else readField(reader, { value, field, packed: type !== wireTypeOf(field[2]), depth });
  }
  return value;
}

function emptyOf(table: Table): Value {
  const value: Value = {};
  for (const field of table.fields) {
    if (field[3] === 'plain') value[field[1]] = zeroOf(field[2]);
    else if (field[3] === 'repeated') value[field[1]] = [];
    else if (field[3] === 'map') value[field[1]] = {};
  }
  return value;
}

function zeroOf(kind: FieldKind): unknown {
  if (kind === 'string') return '';
  if (kind === 'bool') return false;
  return kind === 'bytes' ? Buffer.alloc(0) : 0;
}

/** Repeated numbers may come packed or one by one; whatever else mismatches is read over. */
function fits(field: Field, type: number): boolean {
  if (field[3] === 'map') return type === wireType.bytes;
  if (type === wireTypeOf(field[2])) return true;
  return field[3] === 'repeated' && isNumber(field[2]) && type === wireType.bytes;
}

interface Place {
  readonly value: Value;
  readonly field: Field;
  readonly packed: boolean;
  readonly depth: number;
}

function readField(reader: WireReader, { value, field, packed, depth }: Place): void {
  const [, name, kind, presence] = field;
  if (presence === 'map') {
    const [key, item] = readEntry(reader.nested(), kind);
    // A plain assignment of "__proto__" would set the prototype and lose the entry.
    Object.defineProperty(value[name], key, {
      value: item,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  } else if (presence !== 'repeated') {
    value[name] = readValue(reader, field, depth);
  } else if (packed) {
    const inner = reader.nested();
    while (!inner.done) (value[name] as unknown[]).push(readScalar(inner, kind));
  } else {
    (value[name] as unknown[]).push(readValue(reader, field, depth));
  }
}

function readEntry(reader: WireReader, kind: FieldKind): [key: string, value: unknown] {
  let key = '';
  let value = zeroOf(kind);
  while (!reader.done) {
    const tag = reader.unsigned32();
    if (tag === 8 + wireType.bytes) key = reader.string();
    else if (tag === 16 + wireTypeOf(kind)) value = readScalar(reader, kind);
    else reader.skip(tag & 7);
  }
  return [key, value];
}

function readValue(reader: WireReader, field: Field, depth: number): unknown {
  if (field[2] !== 'message') return readScalar(reader, field[2]);
  return readMessage(reader.nested(), tableOf(field[4]), depth + 1);
}

function readScalar(reader: WireReader, kind: FieldKind): unknown {
  if (kind === 'string') return reader.string();
  if (kind === 'bytes') return reader.bytes();
  if (kind === 'bool') return reader.natural() !== 0;
  if (kind === 'double') return reader.double();
  if (kind === 'int32') return reader.signed32();
  if (kind === 'uint32') return reader.unsigned32();
  return kind === 'int64' ? reader.signed() : reader.natural();
}

function wireTypeOf(kind: FieldKind): number {
  if (kind === 'double') return wireType.fixed64;
  return isNumber(kind) ? wireType.varint : wireType.bytes;
}

function isNumber(kind: FieldKind): boolean {
  return kind !== 'string' && kind !== 'bytes' && kind !== 'message';
}
