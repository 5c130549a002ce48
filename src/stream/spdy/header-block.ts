import { constants, createInflate, type Inflate } from 'node:zlib';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { dictionary, dictionaryId } from './dictionary.ts';
import { encodeHeaders, type Headers, parseHeaders } from './headers.ts';

/**
 * Writes the header blocks of one connection in order. They are one zlib stream by the protocol;
 * its blocks here are stored, not compressed: the headers are few and short, and a compressor would
 * tell an onlooker by its lengths what it has seen before (CVE-2012-4929, CRIME).
 */
export class HeaderWriter {
  #begun = false;

  write(headers: Headers): Buffer {
    const plain = encodeHeaders(headers);
    const parts = this.#begun ? [] : [zlibHeader()];
    this.#begun = true;
    for (let at = 0; at < plain.length; at += 65_535) {
      parts.push(...storedBlock(plain.subarray(at, at + 65_535)));
    }
    // An empty block is a reader's sign to hand out what it has (Z_SYNC_FLUSH).
    return Buffer.concat([...parts, ...storedBlock(Buffer.alloc(0))]);
  }
}

/** RFC 1950: deflate with a window of 32 KiB, which a named dictionary fills. */
function zlibHeader(): Buffer {
  const bytes = Buffer.from([0x78, 0x20, 0, 0, 0, 0]);
  bytes.writeUInt8(0x20 + 31 - ((0x78 * 256 + 0x20) % 31), 1);
  bytes.writeUInt32BE(dictionaryId, 2);
  return bytes;
}

/** RFC 1951, 3.2.4: type 0, not the last, its length and the length's complement. */
function storedBlock(data: Buffer): Buffer[] {
  const head = Buffer.alloc(5);
  head.writeUInt16LE(data.length, 1);
  head.writeUInt16LE(0xffff - data.length, 3);
  return [head, data];
}

/** Reads the header blocks of one connection, in order and one at a time. */
export class HeaderReader {
  readonly #inflate: Inflate;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #failure: Error | undefined;
  #onFailure: ((error: Error) => void) | undefined;

  constructor() {
    const { Z_SYNC_FLUSH } = constants;
    this.#inflate = createInflate({ dictionary, flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH });
    this.#inflate.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#inflate.on('error', (error) => this.#fail(error));
  }

  /** Throws DomainError `invalid` for what is no header block or too long. */
  async read(block: Buffer): Promise<Headers> {
    this.#chunks = [];
    this.#bytes = 0;
    await this.#feed(block);
    // The last of it may still wait for a reader.
    while (this.#inflate.read() !== null);
    return parseHeaders(Buffer.concat(this.#chunks));
  }

  close(): void {
    this.#inflate.destroy();
  }

  #feed(block: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onFailure = reject;
      if (this.#failure !== undefined) return reject(this.#failure);
      this.#inflate.write(block, (error) => {
        if (error === null || error === undefined) resolve();
        else this.#fail(error);
      });
    });
  }

  #take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= limits.spdyHeaderBytes) this.#chunks.push(chunk);
    else this.#inflate.destroy(new Error(`more than ${limits.spdyHeaderBytes} bytes`));
  }

  #fail(cause: Error): void {
    this.#failure ??= new DomainError('invalid', 'SPDY headers cannot be read', { cause });
    this.#onFailure?.(this.#failure);
  }
}
