import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { addon } from '../../kernel/addon.ts';
import type { Compression } from './layer.ts';

type Known = Exclude<Compression, 'auto'>;

/** The first bytes that tell formats apart. A zstd blob may begin with a skippable frame. */
const signatures: readonly (readonly [Known | 'bzip2' | 'xz', (head: Buffer) => boolean])[] = [
  ['gzip', (head) => head.toString('latin1', 0, 2) === '\x1f\x8b'],
  ['zstd', (head) => head.toString('latin1', 0, 4) === '\x28\xb5\x2f\xfd'],
  ['zstd', (head) => head.length >= 4 && head.readUInt32LE() >>> 4 === 0x184d2a5],
  ['bzip2', (head) => /^BZh[1-9]1/.test(head.toString('latin1', 0, 5))],
  ['xz', (head) => head.toString('latin1', 0, 6) === '\xfd7zXZ\0'],
];
const headBytes = 6;

/** What the first six bytes of a blob say; DomainError `unsupported` for bzip2 and xz. */
export function detectCompression(head: Buffer): Known {
  const name = signatures.find(([, matches]) => matches(head))?.[0] ?? 'none';
  if (name === 'bzip2' || name === 'xz') {
    throw new DomainError(
      'unsupported',
      `The layer is compressed by ${name}, which no registry has`,
    );
  }
  return name;
}

/**
 * A stream from a blob's bytes to its archive's. `take` gets parts of a buffer that is used again,
 * so it has to be done with them when it returns. Throws DomainError `invalid` for damaged data.
 */
export class Decompressor {
  readonly #take: (bytes: Buffer) => void;
  #head = Buffer.alloc(0);
  #compression: Compression;
  #stream: object | undefined;
  readonly #output = Buffer.allocUnsafeSlow(outputBytes);
  readonly #counts = new Uint32Array(3);
  /** A blob of no bytes is cut short, except for a plain one. */
  #atBoundary = false;

  constructor(compression: Compression, take: (bytes: Buffer) => void) {
    this.#compression = compression;
    this.#take = take;
    this.#open();
  }

  /** `auto` until enough bytes were seen. */
  get compression(): Compression {
    return this.#compression;
  }

  write(part: Buffer): void {
    if (this.#compression !== 'auto') {
      this.#run(part);
      return;
    }
    this.#head = Buffer.concat([this.#head, part]);
    if (this.#head.length >= headBytes) this.#start();
  }

  finish(): void {
    if (this.#compression === 'auto') this.#start();
    if (this.#stream !== undefined && !this.#atBoundary) {
      throw new DomainError('invalid', `The layer's ${this.#compression} data ends too early`);
    }
  }

  #start(): void {
    this.#compression = detectCompression(this.#head);
    this.#open();
    this.#run(this.#head);
  }

  #open(): void {
    if (this.#compression === 'none' || this.#compression === 'auto') return;
    const windowLog = Math.log2(limits.zstdWindowBytes);
    this.#stream = addon.inflateOpen(this.#compression === 'zstd', windowLog);
  }

  #run(part: Buffer): void {
    if (this.#stream === undefined) {
      if (part.length > 0) this.#take(part);
      return;
    }
    let rest = part;
    let isFull = false;
    // A full output may hide more of it, so the stream is asked again even without new input.
    while (rest.length > 0 || isFull) {
      const reason = addon.inflateStep(this.#stream, rest, this.#output, this.#counts);
      const [read = 0, written = 0, boundary = 0] = this.#counts;
      if (reason !== undefined) throw this.#damaged(reason);
      if (read === 0 && written === 0 && rest.length > 0) throw this.#damaged('no progress');
      if (written > 0) this.#take(this.#output.subarray(0, written));
      rest = rest.subarray(read);
      isFull = written === this.#output.length;
      this.#atBoundary = boundary === 1;
    }
  }

  #damaged(reason: string): DomainError {
    return new DomainError('invalid', `The layer is damaged ${this.#compression}: ${reason}`);
  }
}

/** Fits the second-level cache, where the hash and the write find it again. */
const outputBytes = 256 * 1024;
