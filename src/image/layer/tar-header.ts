import { DomainError } from '../../base/error.ts';

export const blockBytes = 512;

/**
 * The 512 bytes before each entry:
 *
 *   struct posix_header {        // GNU's, where it differs
 *     char name[100];     //   0
 *     char mode[8];       // 100
 *     char uid[8];        // 108
 *     char gid[8];        // 116
 *     char size[12];      // 124
 *     char mtime[12];     // 136
 *     char chksum[8];     // 148
 *     char typeflag;      // 156
 *     char linkname[100]; // 157
 *     char magic[6];      // 257  "ustar\0"; GNU: "ustar "
 *     char version[2];    // 263  "00";      GNU: " \0"
 *     char uname[32];     // 265
 *     char gname[32];     // 297
 *     char devmajor[8];   // 329
 *     char devminor[8];   // 337
 *     char prefix[155];   // 345           GNU: sparse map at 386, realsize at 483
 *   };
 */
export interface TarHeader {
  /** Prefix and name joined; one character per byte. */
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly modified: number;
  readonly type: string;
  readonly linkName: string;
  readonly major: number;
  readonly minor: number;
}

/** Undefined for a block of zeros. Throws DomainError `invalid` where the checksum is wrong. */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  if (block[0] === 0 && isZero(block)) return undefined;
  checkSum(block);
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
  const hasDevice = isPosix || block.toString('latin1', 257, 263) === 'ustar ';
  const prefix = isPosix ? readText(block, 345, 155) : '';
  const name = readText(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: readNumber(block, 100, 8) & 0o7777,
    uid: readNumber(block, 108, 8),
    gid: readNumber(block, 116, 8),
    size: readNumber(block, 124, 12),
    modified: readNumber(block, 136, 12),
    type: block.toString('latin1', 156, 157),
    linkName: readText(block, 157, 100),
    major: hasDevice ? readNumber(block, 329, 8) : 0,
    minor: hasDevice ? readNumber(block, 337, 8) : 0,
  };
}

/**
 * A number field: octal digits between spaces and NULs, or, with the top bit set, big-endian two's
 * complement (GNU's base-256). Throws DomainError `invalid` on anything else and beyond 2^53.
 */
export function readNumber(block: Buffer, offset: number, length: number): number {
  const first = block[offset] ?? 0;
  if (first >= 0x80) return readBinary(block, offset, length);
  const end = offset + length;
  let at = offset;
  while (at < end && isBlank(block[at])) at += 1;
  let value = 0;
  for (; at < end && !isBlank(block[at]); at += 1) {
    const digit = (block[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) throw badNumber(block, offset, length);
    value = value * 8 + digit;
  }
  for (; at < end; at += 1) if (!isBlank(block[at])) throw badNumber(block, offset, length);
  return value;
}

function isZero(block: Buffer): boolean {
  for (let at = 0; at < blockBytes; at += 4) if (block.readUInt32LE(at) !== 0) return false;
  return true;
}

/** Old tars summed signed characters, so both sums count, as in every other reader. */
function checkSum(block: Buffer): void {
  let unsigned = 0;
  let high = 0;
  for (let at = 0; at < blockBytes; at += 1) {
    const byte = at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0);
    unsigned += byte;
    high += byte >> 7;
  }
  const stored = readNumber(block, 148, 8);
  if (stored !== unsigned && stored !== unsigned - 256 * high) {
    throw new DomainError('invalid', `The archive has a damaged header (checksum ${stored})`);
  }
}

/** Up to the first NUL: fields that are full have none. */
function readText(block: Buffer, offset: number, length: number): string {
  let end = offset;
  while (end < offset + length && block[end] !== 0) end += 1;
  return block.toString('latin1', offset, end);
}

function readBinary(block: Buffer, offset: number, length: number): number {
  const negative = ((block[offset] ?? 0) & 0x40) !== 0;
  let value = negative ? -1n : BigInt((block[offset] ?? 0) & 0x3f);
  for (let at = offset + 1; at < offset + length; at += 1) {
    value = (value << 8n) | BigInt(block[at] ?? 0);
  }
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw badNumber(block, offset, length);
  return number;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0;
}

function badNumber(block: Buffer, offset: number, length: number): DomainError {
  const field = JSON.stringify(block.toString('latin1', offset, offset + length));
  return new DomainError('invalid', `The archive has a header with a bad number ${field}`);
}
