import { malformed, type Name, readName } from './name.ts';

export const recordType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  ANY: 255,
} as const;

export const responseCode = {
  success: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
  badVersion: 16,
} as const;

/** Bits of the header's flags. */
export const headerFlag = {
  response: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  authenticData: 0x0020,
  checkingDisabled: 0x0010,
} as const;

export const headerBytes = 12;
export const internetClass = 1;

/** What the client can take (RFC 6891). */
export interface Extension {
  readonly payloadBytes: number;
  readonly version: number;
  readonly dnssec: boolean;
}

/** A question, as a client asked it. */
export interface Query {
  readonly id: number;
  readonly flags: number;
  readonly name: Name;
  readonly type: number;
  readonly class: number;
  /** As it stands in the message: answers repeat it, upper case and all. */
  readonly question: Buffer;
  readonly extension?: Extension;
}

/** One record of a message, where it lies in it. */
export interface RecordPlace {
  readonly section: 'answer' | 'authority' | 'additional';
  readonly name: Name;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  /** Of its first byte, of its time to live, of its data, and behind it. */
  readonly start: number;
  readonly ttlAt: number;
  readonly dataAt: number;
  readonly end: number;
}

/** A message that a client may have sent; what is wrong with it as the code to answer with. */
export type Parsed =
  | { readonly query: Query }
  | { readonly code: number; readonly id: number; readonly flags: number };

/**
 * Reads a query. Undefined for what no answer is given to: too short for a header, or an answer
 * itself. Never throws.
 */
export function parseQuery(bytes: Buffer): Parsed | undefined {
  if (bytes.length < headerBytes) return undefined;
  const id = bytes.readUInt16BE(0);
  const flags = bytes.readUInt16BE(2);
  if ((flags & headerFlag.response) !== 0) return undefined;
  const opcode = (flags >> 11) & 15;
  if (opcode !== 0) return { code: responseCode.notImplemented, id, flags };
  try {
    return { query: { id, flags, ...readQuestion(bytes), ...extensionOf(bytes) } };
  } catch {
    return { code: responseCode.formatError, id, flags };
  }
}

function readQuestion(bytes: Buffer): Pick<Query, 'name' | 'type' | 'class' | 'question'> {
  if (bytes.readUInt16BE(4) !== 1) throw malformed('not one question');
  const { name, end } = readName(bytes, headerBytes);
  if (end + 4 > bytes.length) throw malformed('a question that ends early');
  const question = Buffer.from(bytes.subarray(headerBytes, end + 4));
  return { name, type: bytes.readUInt16BE(end), class: bytes.readUInt16BE(end + 2), question };
}

function extensionOf(bytes: Buffer): { extension?: Extension } {
  const found = readRecords(bytes).filter(({ type }) => type === recordType.OPT);
  const [option] = found;
  if (option === undefined) return {};
  if (found.length > 1 || option.name !== '') throw malformed('more than one extension');
  return {
    extension: {
      payloadBytes: option.class,
      version: (option.ttl >>> 16) & 0xff,
      dnssec: (option.ttl & 0x8000) !== 0,
    },
  };
}

/** All records of a message. Throws DomainError `invalid` when one does not fit into it. */
export function readRecords(bytes: Buffer): RecordPlace[] {
  if (bytes.length < headerBytes) throw malformed('no header');
  const counts = [6, 8, 10].map((offset) => bytes.readUInt16BE(offset));
  let at = headerBytes;
  for (let left = bytes.readUInt16BE(4); left > 0; left--) at = readName(bytes, at).end + 4;
  const records: RecordPlace[] = [];
  for (const [i, section] of (['answer', 'authority', 'additional'] as const).entries()) {
    for (let left = counts[i] ?? 0; left > 0; left--) {
      const record = readRecord(bytes, at, section);
      records.push(record);
      at = record.end;
    }
  }
  return records;
}

function readRecord(bytes: Buffer, start: number, section: RecordPlace['section']): RecordPlace {
  const { name, end } = readName(bytes, start);
  if (end + 10 > bytes.length) throw malformed('a record that ends early');
  const dataAt = end + 10;
  const behind = dataAt + bytes.readUInt16BE(end + 8);
  if (behind > bytes.length) throw malformed('a record that ends early');
  return {
    section,
    name,
    type: bytes.readUInt16BE(end),
    class: bytes.readUInt16BE(end + 2),
    ttl: bytes.readUInt32BE(end + 4),
    start,
    ttlAt: end + 4,
    dataAt,
    end: behind,
  };
}
