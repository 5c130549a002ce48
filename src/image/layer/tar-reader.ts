import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { toNameText, type TarEntry, type TarEntryType } from './tar-entry.ts';
import { blockBytes, parseTarHeader, type TarHeader } from './tar-header.ts';
import { parsePax, type PaxRecords } from './tar-pax.ts';
import * as sparse from './tar-sparse.ts';

/** Hears what an archive holds, in the archive's order. What it throws comes out of `write`. */
export interface TarHandler {
  /** `offset` is where the entry's stored content begins in the archive. */
  entry(entry: TarEntry, offset: number): void;
  /** Content for `position` of the file. The bytes are the caller's buffer: use them at once. */
  data(bytes: Buffer, position: number): void;
  /** The last announced entry is complete. */
  end(): void;
}

/** How far one read goes: exactly so many bytes in one piece, or any part of them. */
interface Want {
  readonly bytes: number;
  readonly whole: boolean;
}

type Reading<Result> = Generator<Want, Result, Buffer>;

/**
 * Reads a tar archive that arrives in parts of any size: ustar, v7, GNU and pax, sparse files in
 * all four formats. It does no input or output and keeps at most one header's bytes. Throws
 * DomainError `invalid` for a damaged archive and `unsupported` for entries of unknown kinds.
 */
export class TarReader {
  readonly #handler: TarHandler;
  readonly #reading: Reading<void>;
  #want: Want | undefined;
  /** Bytes of a whole read that arrived so far; only reads that cross parts go through it. */
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #offset = 0;
  #betweenEntries = true;
  /** Bytes that the last step went on by; more than it was given when they were skipped. */
  #stepBytes = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
    this.#reading = this.#readArchive();
    this.#want = this.#reading.next().value ?? undefined;
  }

  write(part: Buffer): void {
    let rest = part;
    while (this.#want !== undefined && rest.length > 0) {
      const taken = Math.min(this.#want.bytes - this.#keptBytes, rest.length);
      const piece = rest.subarray(0, taken);
      rest = rest.subarray(taken);
      if (this.#want.whole && this.#keptBytes + taken < this.#want.bytes) {
        this.#kept.push(Buffer.from(piece));
        this.#keptBytes += taken;
      } else {
        this.#give(piece);
      }
    }
  }

  /** So many bytes of content come next; who can seek need not read them. */
  get skippableBytes(): number {
    return this.#want?.whole === false ? this.#want.bytes : 0;
  }

  /** So many bytes are needed for the next step; 0 when nothing more is read. */
  get wantedBytes(): number {
    return this.#want === undefined ? 0 : this.#want.bytes - this.#keptBytes;
  }

  /** Goes on as if that content had been written; the handler does not hear of it. */
  skip(): void {
    const bytes = this.skippableBytes;
    if (bytes > 0) this.#step(Buffer.alloc(0), bytes);
  }

  /** Says that no more comes. Many writers forget the two zero blocks, so they may be missing. */
  finish(): void {
    if (this.#want !== undefined && !(this.#betweenEntries && this.#keptBytes === 0)) {
      throw new DomainError('invalid', `The archive ends within an entry, after ${this.#offset}`);
    }
  }

  #give(piece: Buffer): void {
    let whole = piece;
    if (this.#keptBytes > 0) {
      whole = Buffer.concat([...this.#kept, piece]);
      this.#kept = [];
      this.#keptBytes = 0;
    }
    this.#step(whole, whole.length);
  }

  #step(whole: Buffer, bytes: number): void {
    this.#offset += bytes;
    this.#stepBytes = bytes;
    const step = this.#reading.next(whole);
    this.#want = step.done === true ? undefined : step.value;
  }

  *#readArchive(): Reading<void> {
    for (;;) {
      this.#betweenEntries = true;
      let block: Buffer = yield { bytes: blockBytes, whole: true };
      let header = parseTarHeader(block);
      if (header === undefined) return;
      this.#betweenEntries = false;
      const long: LongHeaders = {};
      while (isExtension(header.type)) {
        const data = yield* readExtension(header);
        if (header.type === 'x') long.pax = parsePax(data);
        if (header.type === 'L') long.name = untilNul(data);
        if (header.type === 'K') long.linkName = untilNul(data);
        block = yield { bytes: blockBytes, whole: true };
        header = parseTarHeader(block);
        if (header === undefined) throw invalid('The archive ends after an extended header');
      }
      yield* this.#readEntry(Buffer.from(block), header, long);
    }
  }

  *#readEntry(block: Buffer, header: TarHeader, long: LongHeaders): Reading<void> {
    const type = typeOf(header, long.pax?.path ?? long.name ?? header.name);
    const storedBytes = type === 'file' ? (long.pax?.size ?? header.size) : 0;
    if (storedBytes < 0) throw invalid(`Entry "${toNameText(header.name)}" has a negative size`);
    let end = this.#offset + storedBytes;
    let map: sparse.SparseMap | undefined;
    try {
      if (header.type === 'S') {
        map = yield* readOldSparse(block);
        // These blocks of the map are not counted in the size, unlike those of format 1.0.
        end = this.#offset + storedBytes;
      } else if (type === 'file' && long.pax !== undefined && long.pax.sparse.length > 0) {
        map = yield* readPaxSparse(long.pax.sparse, storedBytes);
      }
      if (map !== undefined && this.#offset + sum(map) > end) throw invalid('It stores too little');
    } catch (cause) {
      throw invalid(`Entry "${toNameText(header.name)}" is a damaged sparse file`, cause);
    }
    this.#handler.entry(toEntry({ header, long, type, map, size: storedBytes }), this.#offset);
    for (const extent of map?.extents ?? [{ offset: 0, bytes: storedBytes }]) {
      for (let done = 0; done < extent.bytes;) {
        const bytes = yield { bytes: extent.bytes - done, whole: false };
        if (bytes.length > 0) this.#handler.data(bytes, extent.offset + done);
        done += this.#stepBytes;
      }
    }
    this.#handler.end();
    end = roundUp(end);
    while (this.#offset < end) yield { bytes: end - this.#offset, whole: false };
  }
}

/** What extended headers say about the next entry. */
interface LongHeaders {
  pax?: PaxRecords;
  name?: string;
  linkName?: string;
}

interface EntryParts {
  readonly header: TarHeader;
  readonly long: LongHeaders;
  readonly type: TarEntryType;
  readonly map: sparse.SparseMap | undefined;
  readonly size: number;
}

/** Global headers (g) hold comments at most; like every unpacker of layers we leave them aside. */
function isExtension(type: string): boolean {
  return type === 'x' || type === 'g' || type === 'L' || type === 'K';
}

function* readExtension(header: TarHeader): Reading<Buffer> {
  if (header.size < 0 || header.size > limits.tarExtensionBytes) {
    const bound = `the bound is ${limits.tarExtensionBytes}`;
    throw invalid(`The archive has an extended header of ${header.size} bytes; ${bound}`);
  }
  if (header.size === 0) return Buffer.alloc(0);
  const data = yield { bytes: roundUp(header.size), whole: true };
  return data.subarray(0, header.size);
}

function* readOldSparse(header: Buffer): Reading<sparse.SparseMap> {
  const extensions: Buffer[] = [];
  let more = sparse.isOldSparseExtended(header, true);
  while (more) {
    const block = Buffer.from(yield { bytes: blockBytes, whole: true });
    extensions.push(block);
    if (extensions.length * 21 > limits.tarExtents) throw invalid('A sparse map is too long');
    more = sparse.isOldSparseExtended(block, false);
  }
  return sparse.parseOldSparse(header, extensions);
}

function* readPaxSparse(
  records: readonly [string, string][],
  storedBytes: number,
): Reading<sparse.SparseMap> {
  if (!sparse.isSparseText(records)) return sparse.parsePaxSparse(records);
  const values = sparse.parsePaxSparse(records.filter(([key]) => key !== 'map'));
  const blocks: Buffer[] = [];
  for (let needed = 1; needed > 0;) {
    if ((blocks.length + 1) * blockBytes > Math.min(limits.tarExtensionBytes, storedBytes)) {
      throw invalid('Its map has no end');
    }
    blocks.push(Buffer.from(yield { bytes: blockBytes, whole: true }));
    needed = sparse.missingLines(blocks);
  }
  return { ...values, ...sparse.parseSparseText(Buffer.concat(blocks), values.size) };
}

const types: Readonly<Record<string, TarEntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardLink',
  '2': 'symbolicLink',
  '3': 'character',
  '4': 'block',
  '5': 'folder',
  '6': 'fifo',
};

/** Archives older than ustar have no type for folders: their names end with a slash. */
function typeOf(header: TarHeader, name: string): TarEntryType {
  const type = types[header.type];
  if (type === undefined) {
    const kind = JSON.stringify(header.type);
    const text = toNameText(header.name);
    throw new DomainError('unsupported', `Entry "${text}" of the archive is of type ${kind}`);
  }
  return type === 'file' && header.type === '\0' && name.endsWith('/') ? 'folder' : type;
}

function toEntry({ header, long, type, map, size }: EntryParts): TarEntry {
  const isDevice = type === 'character' || type === 'block';
  const isLink = type === 'symbolicLink' || type === 'hardLink';
  const linkName = long.pax?.linkPath ?? long.linkName ?? header.linkName;
  return {
    name: map?.name ?? long.pax?.path ?? long.name ?? header.name,
    type,
    linkName: isLink ? linkName : '',
    mode: header.mode,
    uid: long.pax?.uid ?? header.uid,
    gid: long.pax?.gid ?? header.gid,
    modified: long.pax?.modified ?? { seconds: header.modified, nanoseconds: 0 },
    size: map?.size ?? size,
    major: isDevice ? header.major : 0,
    minor: isDevice ? header.minor : 0,
    xattrs: long.pax?.xattrs ?? new Map(),
    ...(map === undefined ? {} : { extents: map.extents }),
  };
}

function sum(map: sparse.SparseMap): number {
  return map.extents.reduce((total, { bytes }) => total + bytes, 0);
}

function untilNul(data: Buffer): string {
  const end = data.indexOf(0);
  return data.toString('latin1', 0, end < 0 ? data.length : end);
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
}

function invalid(message: string, cause?: unknown): DomainError {
  return new DomainError('invalid', message, cause === undefined ? {} : { cause });
}
