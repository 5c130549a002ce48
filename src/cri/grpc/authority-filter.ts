/**
 * Old clients of grpc-go (kubelet, crictl and critest up to 1.26) send the path of the Unix socket
 * as `:authority`. RFC 3986 has no slash there, so nghttp2 resets each of their calls with
 * PROTOCOL_ERROR, and Node offers no way to tell it not to. This filter stands before it and turns
 * what an authority cannot hold into "-". Lengths stay the same, both of the frame and of the
 * decoded value, so that frames, padding and both sides' header tables still agree.
 */
export class AuthorityFilter {
  /** The beginning of a frame of which more is needed. */
  #rest: Buffer = Buffer.alloc(0);
  /** Bytes that pass unread: the client's preface at first, then payloads. */
  #passing = prefaceBytes;

  /** What may go on to the session: of the bytes so far, all but the beginning of a header. */
  take(chunk: Buffer): Buffer {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = Math.min(this.#passing, bytes.length);
    this.#passing -= at;
    while (bytes.length - at >= frameHeaderBytes) {
      const end = at + frameHeaderBytes + bytes.readUIntBE(at, 3);
      if (holdsHeader(bytes, at)) {
        if (end > bytes.length) break;
        mendHeaders(bytes.subarray(at, end));
      }
      this.#passing = Math.max(0, end - bytes.length);
      at = Math.min(end, bytes.length);
    }
    this.#rest = bytes.subarray(at);
    return bytes.subarray(0, at);
  }
}

/** `PRI * HTTP/2.0`, two empty lines and `SM` between them. */
const prefaceBytes = 24;
const frameHeaderBytes = 9;
/** What a client may send as long as it was told nothing else; longer ones the session refuses. */
const frameBytes = 16_384;
const headersType = 1;
const flags = { padded: 8, priority: 32 } as const;

function holdsHeader(bytes: Buffer, at: number): boolean {
  return bytes[at + 3] === headersType && bytes.readUIntBE(at, 3) <= frameBytes;
}

/** RFC 9113, 6.2: pad length and priority come before the fields, where their flags are set. */
function mendHeaders(frame: Buffer): void {
  const set = frame[4] ?? 0;
  const padded = (set & flags.padded) === 0 ? 0 : 1;
  const padding = padded === 0 ? 0 : (frame[frameHeaderBytes] ?? 0);
  const start = frameHeaderBytes + padded + ((set & flags.priority) === 0 ? 0 : 5);
  const fields = new Fields(frame.subarray(start, Math.max(start, frame.length - padding)));
  while (!fields.done) fields.next();
}

/** Index of `:authority` in the table that HPACK begins with. */
const authorityIndex = 1;

/** A walk over a header block (RFC 7541, 6). What makes no sense ends it: the session says why. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  next(): void {
    const first = this.#bytes[this.#at] ?? 0;
    if (first >= 0x80) this.#integer(7);
    else if (first >= 0x40) this.#literal(6);
    else if (first >= 0x20) this.#integer(5);
    else this.#literal(4);
  }

  #literal(prefixBits: number): void {
    const name = this.#integer(prefixBits);
    if (name === 0) this.#string();
    const huffman = (this.#bytes[this.#at] ?? 0) >= 0x80;
    const value = this.#string();
    if (name !== authorityIndex) return;
    if (huffman) mendHuffman(value);
    else mendPlain(value);
  }

  #string(): Buffer {
    const length = this.#integer(7);
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  /** RFC 7541, 5.1: what does not fit in the first byte's bits follows in groups of seven. */
  #integer(prefixBits: number): number {
    const most = 2 ** prefixBits - 1;
    let value = (this.#bytes[this.#at++] ?? 0) & most;
    if (value < most) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    this.#at = this.#bytes.length;
    return 0;
  }
}

/** What nghttp2 lets pass: RFC 3986's characters of a host and port. */
const allowed = /[!$&'()*+,\-.0-9:;=A-Z[\]_a-z~%]/;

function mendPlain(value: Buffer): void {
  for (let at = 0; at < value.length; at += 1) {
    if (!allowed.test(String.fromCharCode(value[at] ?? 0))) value[at] = 0x2d;
  }
}

/**
 * How many codes of each length HPACK's Huffman code has; it is canonical, so this is enough to
 * tell where a code ends. Lengths that are not listed have none.
 */
const codesOfLength: Readonly<Record<number, number>> = {
  5: 10,
  6: 26,
  7: 32,
  8: 6,
  10: 5,
  11: 3,
  12: 2,
  13: 6,
  14: 2,
  15: 3,
  19: 3,
  20: 8,
  21: 13,
  22: 26,
  23: 29,
  24: 12,
  25: 4,
  26: 15,
  27: 19,
  28: 29,
  30: 4,
};

const firstCodes = ((): readonly number[] => {
  const first: number[] = [];
  let code = 0;
  for (let length = 0; length <= 30; length += 1) {
    first.push(code);
    code = (code + (codesOfLength[length] ?? 0)) * 2;
  }
  return first;
})();

/**
 * By length and code, an allowed character of the same length. For `# > < ^ { } \` and the backtick
 * there is none; a socket with one of them in its name stays closed to these clients.
 */
const substitutes: Readonly<Record<number, Readonly<Record<number, number>>>> = {
  6: { 0x14: 0x16, 0x18: 0x16 }, // space and "/" by "-"
  10: { 0x3f9: 0x3fa, 0x3fc: 0x3fa }, // quotation and question marks by "("
  11: { 0x7fc: 0x7fb }, // "|" by "+"
  13: { 0x1ffa: 0x1ff9 }, // "@" by "$"
};

function mendHuffman(value: Buffer): void {
  let code = 0;
  let length = 0;
  for (let bit = 0; bit < value.length * 8; bit += 1) {
    code = code * 2 + (((value[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
    length += 1;
    if (length > 30) return;
    if (code - (firstCodes[length] ?? 0) >= (codesOfLength[length] ?? 0)) continue;
    const substitute = substitutes[length]?.[code];
    if (substitute !== undefined) writeBits(value, { end: bit + 1, length, code: substitute });
    code = 0;
    length = 0;
  }
}

interface Bits {
  readonly end: number;
  readonly length: number;
  readonly code: number;
}

function writeBits(bytes: Buffer, { end, length, code }: Bits): void {
  for (let index = 0; index < length; index += 1) {
    const bit = end - 1 - index;
    const mask = 128 >> (bit & 7);
    const byte = bytes[bit >> 3] ?? 0;
    bytes[bit >> 3] = ((code >> index) & 1) === 1 ? byte | mask : byte & ~mask;
  }
}
