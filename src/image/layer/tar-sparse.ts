import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import type { TarExtent } from './tar-entry.ts';
import { readNumber } from './tar-header.ts';
import { toDecimal } from './tar-pax.ts';

/** The shape of a sparse file: its size with holes, and the parts that the archive stores. */
export interface SparseMap {
  readonly name?: string;
  readonly size: number;
  readonly extents: readonly TarExtent[];
}

/**
 * Old GNU format: four pairs in the header at 386, then blocks of 21 pairs while the flag behind
 * them is set. Each number has 12 characters.
 */
export function parseOldSparse(header: Buffer, extensions: readonly Buffer[]): SparseMap {
  const extents = readPairs(header, 386, 4);
  for (const block of extensions) extents.push(...readPairs(block, 0, 21));
  return checked({ size: readNumber(header, 483, 12), extents });
}

/** True when another block of pairs follows the header or the last such block. */
export function isOldSparseExtended(block: Buffer, isHeader: boolean): boolean {
  return block[isHeader ? 482 : 504] === 1;
}

/**
 * The pax formats: 0.0 repeats offset and numbytes, 0.1 has one list `map`. Of 1.0 only the name
 * and size are here; its map stands before the content: see {@link parseSparseText}.
 */
export function parsePaxSparse(records: readonly [key: string, value: string][]): SparseMap {
  const values = new Map(records);
  const extents: TarExtent[] = [];
  const list = values.get('map')?.split(',') ?? [];
  const pairs = values.has('map') ? list : pairsOf(records);
  if (pairs.length % 2 !== 0) throw malformed('a sparse map with an odd count of numbers');
  for (let at = 0; at < pairs.length; at += 2) {
    extents.push({ offset: toDecimal(pairs[at] ?? ''), bytes: toDecimal(pairs[at + 1] ?? '') });
  }
  const name = values.get('name');
  const size = toDecimal(values.get('realsize') ?? values.get('size') ?? '');
  return { ...checked({ size, extents }), ...(name === undefined ? {} : { name }) };
}

/** True for format 1.0, whose map precedes the content in the archive. */
export function isSparseText(records: readonly [key: string, value: string][]): boolean {
  const values = new Map(records);
  return values.get('major') === '1' && values.get('minor') === '0';
}

/**
 * Format 1.0: decimal numbers, one a line: the count of pairs, then the pairs; filled up with NULs
 * to whole blocks.
 */
export function parseSparseText(text: Buffer, size: number): SparseMap {
  const lines = text.toString('latin1').split('\n');
  const extents: TarExtent[] = [];
  for (let at = 1; at <= 2 * toDecimal(lines[0] ?? ''); at += 2) {
    extents.push({ offset: toDecimal(lines[at] ?? ''), bytes: toDecimal(lines[at + 1] ?? '') });
  }
  return checked({ size, extents });
}

/** How many lines of a map of format 1.0 the blocks read so far still lack. */
export function missingLines(blocks: readonly Buffer[]): number {
  let lines = 0;
  for (const block of blocks) for (const byte of block) if (byte === 0x0a) lines += 1;
  if (lines === 0) return 1;
  const count = toDecimal(blocks[0]?.toString('latin1').split('\n', 1)[0] ?? '');
  if (count > limits.tarExtents) throw tooMany(count);
  return Math.max(0, 1 + 2 * count - lines);
}

function readPairs(block: Buffer, offset: number, count: number): TarExtent[] {
  const extents: TarExtent[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = offset + index * 24;
    if (block[at] === 0) break;
    extents.push({ offset: readNumber(block, at, 12), bytes: readNumber(block, at + 12, 12) });
  }
  return extents;
}

function pairsOf(records: readonly [key: string, value: string][]): string[] {
  const pairs: string[] = [];
  for (const [key, value] of records) {
    const isPairPart = key === (pairs.length % 2 === 0 ? 'offset' : 'numbytes');
    if (isPairPart) pairs.push(value);
    else if (key === 'offset' || key === 'numbytes') throw malformed('a sparse map out of order');
  }
  return pairs;
}

/** Ascending, apart and inside the file; empty parts, which only mark the end, are dropped. */
function checked(map: SparseMap): SparseMap {
  if (map.extents.length > limits.tarExtents) throw tooMany(map.extents.length);
  let end = 0;
  for (const { offset, bytes } of map.extents) {
    if (offset < end || bytes < 0) throw malformed('a sparse map whose parts overlap');
    end = offset + bytes;
  }
  if (end > map.size) throw malformed('a sparse map that goes beyond its file');
  return { ...map, extents: map.extents.filter(({ bytes }) => bytes > 0) };
}

function malformed(what: string): DomainError {
  return new DomainError('invalid', `The archive has ${what}`);
}

function tooMany(count: number): DomainError {
  const message = `The archive has a sparse map of ${count} parts; the bound is`;
  return new DomainError('invalid', `${message} ${limits.tarExtents}`);
}
