import { DomainError } from '../base/error.ts';

export type FieldValue = string | number | bigint | boolean | Uint8Array;

/**
 * The one format between keelson's processes (native/linux/record.hh):
 * record := u32 fieldCount, field*; field := u32 length, bytes, NUL; little-endian.
 * A string with a NUL inside is refused, for the other side would read it cut short.
 */
export function encodeRecords(records: readonly (readonly FieldValue[])[]): Buffer {
  let size = 0;
  for (const record of records) {
    size += 4;
    for (const field of record) size += 5 + sizeOf(field);
  }
  const buffer = Buffer.allocUnsafe(size);
  let at = 0;
  for (const record of records) {
    at = buffer.writeUInt32LE(record.length, at);
    for (const field of record) at = writeField(buffer, at, field);
  }
  return buffer;
}

/** The fields of the one record in a message; DomainError `invalid` when it is anything else. */
export function decodeRecord(buffer: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  const count = buffer.length < 4 ? 0 : buffer.readUInt32LE(0);
  let at = 4;
  while (fields.length < count && at + 5 <= buffer.length) {
    const start = at + 4;
    const end = start + buffer.readUInt32LE(at);
    if (end >= buffer.length || buffer[end] !== 0) break;
    fields.push(buffer.subarray(start, end));
    at = end + 1;
  }
  if (buffer.length < 4 || fields.length !== count || at !== buffer.length) {
    throw new DomainError('invalid', `Message of ${buffer.length} bytes is no record`);
  }
  return fields;
}

function sizeOf(field: FieldValue): number {
  if (typeof field === 'string') return Buffer.byteLength(field);
  if (typeof field === 'object') return field.byteLength;
  if (typeof field === 'boolean') return 1;
  return String(field).length;
}

function writeField(buffer: Buffer, at: number, field: FieldValue): number {
  const start = at + 4;
  let end = start;
  if (typeof field === 'object') {
    buffer.set(field, start);
    end = start + field.byteLength;
  } else {
    const text = typeof field === 'boolean' ? (field ? '1' : '0') : String(field);
    if (text.includes('\0')) {
      throw new DomainError('invalid', `A NUL byte cannot be part of ${JSON.stringify(text)}`);
    }
    end = start + buffer.write(text, start);
  }
  buffer.writeUInt32LE(end - start, at);
  buffer[end] = 0;
  return end + 1;
}
