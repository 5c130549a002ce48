import { malformed, WireReader, wireType } from '../base/wire.ts';
import { type Draft, type Json, type JsonObject, set } from './json.ts';
import { canonicalQuantity } from './quantity.ts';
import type { Field, MessageType, Scalar } from './schema/type.ts';
import { writeMicroTime, writeTime } from './time.ts';

const maximumDepth = 64;
const magic = Buffer.from('k8s\0');

/** The envelope around a protobuf body: which kind is in it. */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Buffer;
}

/** Opens a body of `application/vnd.kubernetes.protobuf`. Throws DomainError `invalid`. */
export function openEnvelope(body: Buffer): Envelope {
  if (!body.subarray(0, 4).equals(magic)) throw malformed('no Kubernetes envelope');
  let apiVersion = '';
  let kind = '';
  let raw: Buffer = Buffer.alloc(0);
  const reader = new WireReader(body, 4);
  while (!reader.done) {
    const { number, type } = readTag(reader);
    if (number === 1 && type === wireType.bytes) {
      ({ apiVersion, kind } = readTypeMeta(reader.nested()));
    } else if (number === 2 && type === wireType.bytes) raw = reader.bytes();
    else reader.skip(type);
  }
  return { apiVersion, kind, raw };
}

/**
 * The JSON form of a message. Numbers that the table does not have are read over. Of fields that
 * Go always writes, a zero is left out, as its JSON leaves it out. Throws DomainError `invalid`.
 */
export function decodeProtobuf(type: MessageType, bytes: Buffer): JsonObject {
  const value: Draft = {};
  readInto(value, type, { reader: new WireReader(bytes), depth: 0 });
  return value;
}

interface Source {
  readonly reader: WireReader;
  readonly depth: number;
}

function readTag(reader: WireReader): { number: number; type: number } {
  const tag = reader.unsigned32();
  return { number: tag >>> 3, type: tag & 7 };
}

function readTypeMeta(reader: WireReader): { apiVersion: string; kind: string } {
  const found = { apiVersion: '', kind: '' };
  while (!reader.done) {
    const { number, type } = readTag(reader);
    if (type === wireType.bytes && number === 1) found.apiVersion = reader.string();
    else if (type === wireType.bytes && number === 2) found.kind = reader.string();
    else reader.skip(type);
  }
  return found;
}

function readInto(target: Draft, type: MessageType, { reader, depth }: Source): void {
  if (depth > maximumDepth) throw malformed(`more than ${maximumDepth} messages deep`);
  while (!reader.done) {
    const { number, type: wire } = readTag(reader);
    const field = type.byNumber.get(number);
    if (field === undefined) reader.skip(wire);
    else if (wire !== wireTypeOf(field)) throw malformed(`field ${field.name} of type ${wire}`);
    else readField(target, field, { reader, depth });
  }
}

function wireTypeOf(field: Field): number {
  if (field.shape === 'map') return wireType.bytes;
  const { scalar } = field;
  return scalar === 'bool' || scalar === 'int32' || scalar === 'int64'
    ? wireType.varint
    : wireType.bytes;
}

function readField(target: Draft, field: Field, source: Source): void {
  if (field.inline && field.message !== undefined) {
    readInto(target, field.message, inside(source));
  } else if (field.shape === 'list') {
    const list = (target[field.name] ??= []) as Json[];
    list.push(readValue(field, source));
  } else if (field.shape === 'map') {
    const map = (target[field.name] ??= {}) as Draft;
    const [key, value] = readEntry(field, inside(source));
    set(map, key, value);
  } else {
    const value = readValue(field, source);
    if (isWritten(field, value)) target[field.name] = value;
  }
}

function inside({ reader, depth }: Source): Source {
  return { reader: reader.nested(), depth: depth + 1 };
}

function readEntry(field: Field, source: Source): [string, Json] {
  let key = '';
  let value: Json = zeroOf(field.scalar);
  while (!source.reader.done) {
    const { number, type } = readTag(source.reader);
    if (number === 1 && type === wireType.bytes) key = source.reader.string();
    else if (number === 2 && type === wireType.bytes) value = readValue(field, source);
    else source.reader.skip(type);
  }
  return [key, value];
}

function zeroOf(scalar: Scalar | undefined): Json {
  if (scalar === undefined) return {};
  if (scalar === 'strings') return [];
  return scalar === 'quantity' ? '0' : '';
}

function readValue(field: Field, source: Source): Json {
  if (field.message !== undefined) {
    const value: Draft = {};
    readInto(value, field.message, inside(source));
    return value;
  }
  return readers[field.scalar ?? 'string'](source.reader);
}

const readers: Readonly<Record<Scalar, (reader: WireReader) => Json>> = {
  string: (reader) => reader.string(),
  bool: (reader) => reader.unsigned32() !== 0,
  int32: (reader) => reader.signed32(),
  int64: (reader) => reader.signed(),
  bytes: (reader) => reader.bytes().toString('base64'),
  quantity: (reader) => canonicalQuantity(readText(reader.nested(), 1) || '0'),
  intOrString: (reader) => readIntOrString(reader.nested()),
  time: (reader) => readTime(reader.nested(), false),
  microTime: (reader) => readTime(reader.nested(), true),
  raw: (reader) => parse(readText(reader.nested(), 1)),
  fields: (reader) => parse(readText(reader.nested(), 1)),
  strings: (reader) => readTexts(reader.nested(), 1),
};

function readTexts(reader: WireReader, wanted: number): string[] {
  const texts: string[] = [];
  while (!reader.done) {
    const { number, type } = readTag(reader);
    if (number === wanted && type === wireType.bytes) texts.push(reader.string());
    else reader.skip(type);
  }
  return texts;
}

function readText(reader: WireReader, wanted: number): string {
  return readTexts(reader, wanted).at(-1) ?? '';
}

function readIntOrString(reader: WireReader): Json {
  let isText = false;
  let whole = 0;
  let text = '';
  while (!reader.done) {
    const { number, type } = readTag(reader);
    if (number === 1 && type === wireType.varint) isText = reader.unsigned32() !== 0;
    else if (number === 2 && type === wireType.varint) whole = reader.signed32();
    else if (number === 3 && type === wireType.bytes) text = reader.string();
    else reader.skip(type);
  }
  return isText ? text : whole;
}

/** An empty text for the zero time, which JSON leaves out. */
function readTime(reader: WireReader, micro: boolean): string {
  let seconds: number | undefined;
  let nanoseconds = 0;
  while (!reader.done) {
    const { number, type } = readTag(reader);
    if (number === 1 && type === wireType.varint) seconds = reader.signed();
    else if (number === 2 && type === wireType.varint) nanoseconds = reader.signed32();
    else reader.skip(type);
  }
  if (seconds === undefined || Math.abs(seconds) > 253_402_300_799) return '';
  const microseconds = Math.min(Math.max(Math.floor(nanoseconds / 1000), 0), 999_999);
  return micro ? writeMicroTime(seconds, microseconds) : writeTime(seconds);
}

function parse(text: string): Json {
  try {
    return text === '' ? {} : (JSON.parse(text) as Json);
  } catch (error) {
    throw malformed(`JSON in a message: ${(error as Error).message}`);
  }
}

/** `omitempty`: which zeros JSON does not have. */
function isWritten(field: Field, value: Json): boolean {
  if (field.scalar === 'time' || field.scalar === 'microTime') return value !== '';
  if (field.required || field.pointer || field.message !== undefined) return true;
  return value !== '' && value !== 0 && value !== false;
}
