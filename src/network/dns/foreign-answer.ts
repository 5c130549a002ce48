import {
  headerBytes,
  headerFlag,
  type Query,
  readRecords,
  type RecordPlace,
  recordType,
  responseCode,
} from './message.ts';
import { encodeExtension, type DnsRecord } from './encode-answer.ts';
import { readName } from './name.ts';
import { formatIp } from '../../netlink/ip.ts';

/** Seconds that an answer is kept at most, and a denial. */
const longestSeconds = 3600;
const longestDenialSeconds = 300;

/** An answer of another server, read and found in order, as it is kept. */
export interface ForeignAnswer {
  /** Header, question and records, without what only its two ends agree on. */
  readonly message: Buffer;
  /** Where times to live stand in it. */
  readonly times: readonly { readonly at: number; readonly seconds: number }[];
  readonly code: number;
  /** For how many seconds it may be given again; 0 for not at all. */
  readonly seconds: number;
}

/** Whether the bytes are the answer to this very question, under this number. */
export function isAnswerTo(bytes: Buffer, query: Query, id: number): boolean {
  if (bytes.length < headerBytes + query.question.length) return false;
  if (bytes.readUInt16BE(0) !== id || bytes.readUInt16BE(4) !== 1) return false;
  if ((bytes.readUInt16BE(2) & headerFlag.response) === 0) return false;
  try {
    const { name, end } = readName(bytes, headerBytes);
    // No pointer can be in the first name, so it is as long as it was asked.
    if (end !== headerBytes + query.question.length - 4 || name !== query.name) return false;
    return bytes.readUInt16BE(end) === query.type && bytes.readUInt16BE(end + 2) === query.class;
  } catch {
    return false;
  }
}

export function isTruncated(bytes: Buffer): boolean {
  return (bytes.readUInt16BE(2) & headerFlag.truncated) !== 0;
}

/** Reads an answer to the end. Throws DomainError `invalid` when it is damaged. */
export function readAnswer(bytes: Buffer): ForeignAnswer {
  const records = readRecords(bytes);
  const option = records.find(({ type }) => type === recordType.OPT);
  const kept = option === undefined ? records : records.slice(0, records.indexOf(option));
  const end = option?.start ?? records.at(-1)?.end ?? bytes.length;
  const message = Buffer.from(bytes.subarray(0, end));
  const additional = kept.filter(({ section }) => section === 'additional').length;
  message.writeUInt16BE(additional, 10);
  const code = (bytes.readUInt16BE(2) & 15) | (((option?.ttl ?? 0) >>> 24) << 4);
  return {
    message,
    times: kept.map(({ ttlAt, ttl }) => ({ at: ttlAt, seconds: boundedTtl(ttl) })),
    code,
    seconds: keepSeconds(bytes, kept, code),
  };
}

/** The answer as this client gets it, some seconds later. */
export function encodeForeign(
  query: Query,
  answer: ForeignAnswer,
  options: { readonly agedSeconds: number; readonly maximumBytes: number },
): Buffer {
  const extension = encodeExtension(query, answer.code);
  const message = Buffer.from(answer.message);
  query.question.copy(message, headerBytes);
  for (const { at, seconds } of answer.times) {
    message.writeUInt32BE(Math.max(seconds - options.agedSeconds, 0), at);
  }
  message.writeUInt16BE(query.id, 0);
  message.writeUInt16BE(flagsFor(query, answer), 2);
  const fits = message.length + extension.length <= options.maximumBytes;
  const whole = fits ? message : truncated(message, query);
  whole.writeUInt16BE(whole.readUInt16BE(10) + (extension.length > 0 ? 1 : 0), 10);
  return Buffer.concat([whole, extension]);
}

/** The addresses and names in it, to go behind a name of ours that leads there. */
export function recordsOf({ message }: ForeignAnswer): DnsRecord[] {
  return readRecords(message).flatMap((record): DnsRecord[] => {
    if (record.section !== 'answer') return [];
    const { name, type, dataAt, end } = record;
    const ttl = boundedTtl(record.ttl);
    if (type === recordType.CNAME) {
      return [{ name, ttl, type: 'CNAME', target: readName(message, dataAt).name }];
    }
    if (type !== recordType.A && type !== recordType.AAAA) return [];
    if (end - dataAt !== (type === recordType.A ? 4 : 16)) return [];
    const address = formatIp(message.subarray(dataAt, end));
    return [{ name, ttl, type: type === recordType.A ? 'A' : 'AAAA', address }];
  });
}

/** RFC 2181: with the first bit set it is none. */
function boundedTtl(ttl: number): number {
  return ttl > 0x7fffffff ? 0 : Math.min(ttl, longestSeconds);
}

/** RFC 2308: a denial is kept as long as its SOA says; without one it is not. */
function keepSeconds(bytes: Buffer, records: readonly RecordPlace[], code: number): number {
  if (code !== responseCode.success && code !== responseCode.nameError) return 0;
  const answers = records.filter(({ section }) => section === 'answer');
  if (code === responseCode.success && answers.length > 0) {
    return Math.min(...records.map(({ ttl }) => boundedTtl(ttl)));
  }
  const soa = records.find(
    ({ type, section }) => type === recordType.SOA && section === 'authority',
  );
  if (soa === undefined || soa.end - soa.dataAt < 22) return 0;
  const minimum = bytes.readUInt32BE(soa.end - 4);
  return Math.min(boundedTtl(soa.ttl), boundedTtl(minimum), longestDenialSeconds);
}

function flagsFor({ flags, extension }: Query, { message, code }: ForeignAnswer): number {
  const kept = flags & (headerFlag.recursionDesired | headerFlag.checkingDisabled);
  const authentic =
    extension?.dnssec === true ? message.readUInt16BE(2) & headerFlag.authenticData : 0;
  return headerFlag.response | headerFlag.recursionAvailable | kept | authentic | (code & 15);
}

function truncated(message: Buffer, { question }: Query): Buffer {
  const short = Buffer.from(message.subarray(0, headerBytes + question.length));
  short.writeUInt16BE(short.readUInt16BE(2) | headerFlag.truncated, 2);
  short.fill(0, 6, headerBytes);
  return short;
}
