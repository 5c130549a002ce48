import { parseIp } from '../../netlink/ip.ts';
import {
  headerBytes,
  headerFlag,
  internetClass,
  type Query,
  recordType,
  responseCode,
} from './message.ts';
import { encodeName, type Name } from './name.ts';

/** What a record says, by its kind. */
export type RecordData =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME' | 'PTR' | 'NS'; readonly target: Name }
  | { readonly type: 'TXT'; readonly text: string }
  | { readonly type: 'SRV'; readonly port: number; readonly target: Name; readonly weight: number }
  | {
      readonly type: 'SOA';
      readonly primary: Name;
      readonly contact: Name;
      readonly serial: number;
    };

export type DnsRecord = RecordData & { readonly name: Name; readonly ttl: number };

/** What a zone or the outside has to say to a question. */
export interface Answer {
  readonly code: number;
  readonly authoritative: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authority?: readonly DnsRecord[];
  readonly additional?: readonly DnsRecord[];
}

/** What UDP carries over every path without being cut in pieces (the DNS flag day of 2020). */
export const safeBytes = 1232;
const plainBytes = 512;

/** How long an answer may be over UDP. */
export function udpBytes({ extension }: Query): number {
  if (extension === undefined) return plainBytes;
  return Math.min(Math.max(extension.payloadBytes, plainBytes), safeBytes);
}

/** The message to send. What does not fit is left out, and the client told to ask over TCP. */
export function encodeAnswer(query: Query, answer: Answer, maximumBytes: number): Buffer {
  const names = new Map<Name, number>([[query.name, headerBytes]]);
  const extension = encodeExtension(query, answer.code);
  const room = maximumBytes - extension.length;
  const parts = [Buffer.alloc(headerBytes), query.question];
  let length = headerBytes + query.question.length;
  let truncated = false;
  const add = (records: readonly DnsRecord[], required: boolean): number => {
    let count = 0;
    for (const record of records) {
      const bytes = encodeRecord(record, length, names);
      if (length + bytes.length > room) {
        truncated ||= required;
        break;
      }
      parts.push(bytes);
      length += bytes.length;
      count += 1;
    }
    return count;
  };
  const counts = [
    1,
    add(answer.answers, true),
    add(truncated ? [] : (answer.authority ?? []), true),
    add(truncated ? [] : (answer.additional ?? []), false),
  ];
  if (extension.length > 0) counts[3] = (counts[3] ?? 0) + 1;
  writeHeader(parts[0] ?? Buffer.alloc(0), query, {
    code: answer.code,
    flags:
      (answer.authoritative ? headerFlag.authoritative : 0) |
      (truncated ? headerFlag.truncated : 0),
    counts,
  });
  return Buffer.concat([...parts, extension]);
}

/** An answer of nothing but a code, to what could not be read. */
export function encodeRefusal(id: number, flags: number, code: number): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  const kept = flags & (0x7800 | headerFlag.recursionDesired);
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt16BE(headerFlag.response | kept | code, 2);
  return bytes;
}

export function writeHeader(
  bytes: Buffer,
  { id, flags }: Pick<Query, 'id' | 'flags'>,
  header: { code: number; flags: number; counts: readonly number[] },
): void {
  const kept = flags & (headerFlag.recursionDesired | headerFlag.checkingDisabled);
  const ours = headerFlag.response | headerFlag.recursionAvailable;
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt16BE(ours | kept | header.flags | (header.code & 15), 2);
  for (const [i, count] of header.counts.entries()) bytes.writeUInt16BE(count, 4 + 2 * i);
}

/** { root; OPT; our size; upper bits of code, version 0, DO; no options }, if asked with one. */
export function encodeExtension({ extension }: Query, code: number): Buffer {
  if (extension === undefined) return Buffer.alloc(0);
  const bytes = Buffer.alloc(11);
  bytes.writeUInt16BE(recordType.OPT, 1);
  bytes.writeUInt16BE(safeBytes, 3);
  bytes.writeUInt8(code >> 4, 5);
  bytes.writeUInt16BE(extension.dnssec ? 0x8000 : 0, 7);
  return bytes;
}

function encodeRecord(record: DnsRecord, at: number, names: Map<Name, number>): Buffer {
  const owner = compressed(record.name, at, names);
  const fixed = Buffer.alloc(10);
  const data = encodeData(record, at + owner.length + fixed.length, names);
  fixed.writeUInt16BE(recordType[record.type], 0);
  fixed.writeUInt16BE(internetClass, 2);
  fixed.writeUInt32BE(record.ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([owner, fixed, data]);
}

function encodeData(record: DnsRecord, at: number, names: Map<Name, number>): Buffer {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return Buffer.from(parseIp(record.address));
    case 'CNAME':
    case 'PTR':
    case 'NS':
      return compressed(record.target, at, names);
    case 'TXT': {
      const text = Buffer.from(record.text).subarray(0, 255);
      return Buffer.concat([Buffer.from([text.length]), text]);
    }
    case 'SRV': {
      const fixed = Buffer.alloc(6);
      fixed.writeUInt16BE(record.weight, 2);
      fixed.writeUInt16BE(record.port, 4);
      // RFC 2782: without pointers.
      return Buffer.concat([fixed, encodeName(record.target)]);
    }
    default:
      return encodeAuthority(record);
  }
}

/** { primary server; contact; serial, refresh, retry, expire, time of a denial } */
function encodeAuthority(record: Extract<DnsRecord, { type: 'SOA' }>): Buffer {
  const times = Buffer.alloc(20);
  const { serial, ttl } = record;
  for (const [i, value] of [serial, 7200, 1800, 86_400, ttl].entries()) {
    times.writeUInt32BE(value, 4 * i);
  }
  return Buffer.concat([encodeName(record.primary), encodeName(record.contact), times]);
}

/** A name that stands in the message already is a pointer to it. */
function compressed(name: Name, at: number, names: Map<Name, number>): Buffer {
  const known = names.get(name);
  if (known !== undefined) {
    const pointer = Buffer.alloc(2);
    pointer.writeUInt16BE(0xc000 | known);
    return pointer;
  }
  if (at < 0x4000) names.set(name, at);
  return encodeName(name);
}

export function failure(code: number = responseCode.serverFailure): Answer {
  return { code, authoritative: false, answers: [] };
}
