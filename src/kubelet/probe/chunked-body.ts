import { DomainError } from '../../base/error.ts';

/** With its extensions, which nobody needs. */
const longestSizeLine = 4096;

/**
 * A body in chunks (RFC 9112, 7.1) as it comes, whatever pieces it comes in. Takes no more than
 * `longestBytes` of it.
 */
export class ChunkedBody {
  readonly #longestBytes: number;
  /** A size line that has not come whole. */
  #line = '';
  /** Of the chunk under way, with the line end behind it; 0 before a size line. */
  #left = 0;
  #taken = 0;
  #ended = false;

  constructor(longestBytes: number) {
    this.#longestBytes = longestBytes;
  }

  /** The last chunk has come, or enough of them. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The data in a piece. DomainError `invalid` for what are no chunks. */
  take(piece: Buffer): Buffer {
    const data: Buffer[] = [];
    let at = 0;
    while (at < piece.length && !this.#ended) {
      if (this.#left === 0) {
        at = this.#takeLine(piece, at);
        continue;
      }
      const end = Math.min(at + this.#left, piece.length);
      // The last two are the line end.
      const isData = Math.max(0, Math.min(end - at, this.#left - 2));
      data.push(piece.subarray(at, at + isData));
      this.#left -= end - at;
      this.#taken += isData;
      at = end;
      this.#ended = this.#taken >= this.#longestBytes;
    }
    return Buffer.concat(data);
  }

  #takeLine(piece: Buffer, at: number): number {
    const found = piece.indexOf('\n', at);
    const end = found < 0 ? piece.length : found + 1;
    this.#line += piece.toString('latin1', at, end);
    if (this.#line.length > longestSizeLine) {
      throw new DomainError('invalid', 'chunk header is too long');
    }
    if (found < 0) return end;
    const size = /^[0-9a-f]{1,8}(?=[ \t;\r\n])/i.exec(this.#line)?.[0];
    if (size === undefined) throw new DomainError('invalid', 'invalid byte in chunk length');
    this.#line = '';
    this.#ended = Number.parseInt(size, 16) === 0;
    this.#left = Number.parseInt(size, 16) + 2;
    return end;
  }
}
