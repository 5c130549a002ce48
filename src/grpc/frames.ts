import { DomainError } from '../base/error.ts';

/** A message on the wire: a flag byte, four bytes of length, the message. */
export function frameOf(body: Buffer): Buffer {
  return Buffer.concat([prefixOf(body), body]);
}

/** What goes before the message. */
export function prefixOf(body: Buffer): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(body.length, 1);
  return prefix;
}

const prefixBytes = 5;

/** Cuts a body, which arrives in pieces, into messages. */
export class Frames {
  readonly #maximumBytes: number;
  #chunks: Buffer[] = [];
  #length = 0;
  /** How many bytes the first message takes; as many as tell it, where that is unknown. */
  #needed = prefixBytes;

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes;
  }

  /**
   * The messages that are whole now. Throws DomainError `exhausted` when one is said to be longer
   * than the bound, before it is there, and `unsupported` for a compressed one.
   */
  take(chunk: Buffer): readonly Buffer[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const messages: Buffer[] = [];
    // Joined twice a message at most, into however many pieces it is cut.
    while (this.#length >= this.#needed) {
      const bytes = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
      if (bytes === undefined) break;
      const whole = this.#needed > prefixBytes;
      const end = whole ? this.#needed : prefixBytes + this.#lengthIn(bytes);
      if (bytes.length >= end) messages.push(bytes.subarray(prefixBytes, end));
      const rest = bytes.length >= end ? bytes.subarray(end) : bytes;
      this.#needed = bytes.length >= end ? prefixBytes : end;
      this.#chunks = [rest];
      this.#length = rest.length;
    }
    return messages;
  }

  #lengthIn(head: Buffer): number {
    if (head[0] !== 0) throw new DomainError('unsupported', 'A compressed message');
    const length = head.readUInt32BE(1);
    if (length <= this.#maximumBytes) return length;
    const bound = `larger than ${this.#maximumBytes}`;
    throw new DomainError('exhausted', `A message of ${length} bytes is ${bound}`);
  }
}
