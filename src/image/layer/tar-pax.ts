import { DomainError } from '../../base/error.ts';
import type { TarTime } from './tar-entry.ts';

/** One pax extended header, as far as we read it. Unset fields leave the ustar header's value. */
export interface PaxRecords {
  path?: string;
  linkPath?: string;
  size?: number;
  uid?: number;
  gid?: number;
  modified?: TarTime;
  readonly xattrs: Map<string, Uint8Array>;
  /** The GNU.sparse.* records in order; offset and numbytes occur many times in format 0.0. */
  readonly sparse: [key: string, value: string][];
}

/**
 * Reads the records `LENGTH KEY=VALUE\n` of a pax header. An empty value takes a record back.
 * Throws DomainError `invalid` on a malformed record.
 */
export function parsePax(data: Buffer): PaxRecords {
  const records: PaxRecords = { xattrs: new Map(), sparse: [] };
  let at = 0;
  while (at < data.length) {
    const space = data.indexOf(0x20, at);
    const length = space < 0 ? 0 : toDecimal(data.toString('latin1', at, Math.min(space, at + 20)));
    const end = at + length;
    const equals = data.indexOf(0x3d, space + 1);
    if (length === 0 || end > data.length || equals < 0 || equals >= end) throw malformed(at);
    if (data[end - 1] !== 0x0a) throw malformed(at);
    const key = data.toString('latin1', space + 1, equals);
    addRecord(records, key, data.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** A decimal integer, or DomainError `invalid`. Bounded by 2^53. */
export function toDecimal(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) {
    throw new DomainError('invalid', `The archive has a bad number ${JSON.stringify(text)}`);
  }
  return value;
}

const setters: Readonly<Record<string, (records: PaxRecords, text: string) => void>> = {
  path: (records, text) => (records.path = withoutNul('path', text)),
  linkpath: (records, text) => (records.linkPath = withoutNul('linkpath', text)),
  size: (records, text) => (records.size = toDecimal(text)),
  uid: (records, text) => (records.uid = toDecimal(text)),
  gid: (records, text) => (records.gid = toDecimal(text)),
  mtime: (records, text) => (records.modified = toTime(text)),
};

const schily = 'SCHILY.xattr.';
const libarchive = 'LIBARCHIVE.xattr.';

function addRecord(records: PaxRecords, key: string, value: Buffer): void {
  const set = Object.hasOwn(setters, key) ? setters[key] : undefined;
  if (set !== undefined) {
    if (value.length > 0) set(records, value.toString('latin1'));
  } else if (key.startsWith('GNU.sparse.')) {
    records.sparse.push([key.slice('GNU.sparse.'.length), value.toString('latin1')]);
  } else if (key.startsWith(schily)) {
    // The parser's buffer is reused, so what outlives this call is copied.
    records.xattrs.set(key.slice(schily.length), Buffer.from(value));
  } else if (key.startsWith(libarchive)) {
    const name = Buffer.from(key, 'latin1').toString('utf8').slice(libarchive.length);
    const text = fromPercent(name);
    if (!records.xattrs.has(text)) {
      records.xattrs.set(text, Buffer.from(value.toString('latin1'), 'base64'));
    }
  }
}

function fromPercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new DomainError('invalid', `The archive has a bad attribute name "${text}"`, { cause });
  }
}

/** Seconds with an optional fraction, which may be negative: the fraction counts upwards. */
function toTime(text: string): TarTime {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (match === null) {
    throw new DomainError('invalid', `The archive has a bad time ${JSON.stringify(text)}`);
  }
  const seconds = Number(match[2]);
  const nanoseconds = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  if (match[1] === '') return { seconds, nanoseconds };
  return nanoseconds === 0
    ? { seconds: -seconds, nanoseconds }
    : { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds };
}

function withoutNul(key: string, text: string): string {
  if (!text.includes('\0')) return text;
  throw new DomainError('invalid', `The archive has a ${key} with a NUL byte`);
}

function malformed(offset: number): DomainError {
  return new DomainError('invalid', `The archive has a malformed pax record at byte ${offset}`);
}
