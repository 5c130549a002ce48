import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { type Frame, frameType } from './frame.ts';

const headBytes = 8;
const none = Buffer.alloc(0);

/**
 * Takes a byte stream apart into frames. The payload of data frames is handed out as it comes, so
 * that a frame of 16 MiB takes no memory; control frames are gathered up to a bound.
 */
export class FrameDecoder {
  /** Of a head or a control frame that is not whole yet. */
  #pending: Buffer = none;
  /** Of the data frame that is being handed out. */
  #stream = 0;
  #left = 0;
  #end = false;

  /** The frames that `chunk` completes. Throws DomainError `invalid` for what is no SPDY/3. */
  *push(chunk: Buffer): Generator<Frame> {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = none;
    while (bytes.length > 0) {
      if (this.#left > 0) {
        const piece = bytes.subarray(0, this.#left);
        bytes = bytes.subarray(piece.length);
        this.#left -= piece.length;
        yield this.#data(piece);
        continue;
      }
      const size = frameBytes(bytes);
      if (size === undefined || size > bytes.length) {
        // A copy, so that a few bytes do not keep the whole chunk.
        this.#pending = Buffer.from(bytes);
        return;
      }
      const frame = bytes.subarray(0, size);
      bytes = bytes.subarray(size);
      if (isControl(frame)) yield controlFrame(frame);
      else yield* this.#beginData(frame);
    }
  }

  *#beginData(head: Buffer): Generator<Frame> {
    this.#stream = head.readUInt32BE();
    this.#left = head.readUIntBE(5, 3);
    this.#end = (head.readUInt8(4) & 1) !== 0;
    if (this.#left === 0) yield this.#data(none);
  }

  #data(bytes: Buffer): Frame {
    return { type: 'data', stream: this.#stream, bytes, end: this.#end && this.#left === 0 };
  }
}

function isControl(frame: Buffer): boolean {
  return (frame.readUInt8() & 0x80) !== 0;
}

/** How much must be there to go on: a data frame's head, a control frame whole. */
function frameBytes(bytes: Buffer): number | undefined {
  if (bytes.length < headBytes) return undefined;
  if (!isControl(bytes)) return headBytes;
  const version = bytes.readUInt16BE() & 0x7fff;
  if (version !== 3) throw new DomainError('invalid', `Frame of SPDY version ${version}, not 3`);
  const length = bytes.readUIntBE(5, 3);
  if (length > limits.spdyFrameBytes) {
    throw new DomainError('invalid', `SPDY control frame of ${length} bytes`);
  }
  return headBytes + length;
}

function controlFrame(frame: Buffer): Frame {
  const type = frame.readUInt16BE(2);
  const end = (frame.readUInt8(4) & 1) !== 0;
  const payload = frame.subarray(headBytes);
  const need = (bytes: number): void => {
    if (payload.length >= bytes) return;
    throw new DomainError('invalid', `SPDY control frame ${type} of ${payload.length} bytes`);
  };
  const stream = (bytes: number): number => {
    need(bytes);
    return payload.readUInt32BE() & 0x7fffffff;
  };
  switch (type) {
    case frameType.synStream:
      return { type: 'open', stream: stream(10), block: payload.subarray(10), end };
    case frameType.synReply:
      return { type: 'reply', stream: stream(4), block: payload.subarray(4), end };
    case frameType.headers:
      return { type: 'headers', stream: stream(4), block: payload.subarray(4), end };
    case frameType.reset:
      return { type: 'reset', stream: stream(8), status: payload.readUInt32BE(4) };
    case frameType.ping:
      need(4);
      return { type: 'ping', id: payload.readUInt32BE() };
    case frameType.goAway:
      return { type: 'goAway' };
    default:
      return { type: 'other' };
  }
}
