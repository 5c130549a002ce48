import { DomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';
import { aligned, headerBytes, hostIsLittle } from './message.ts';

/** linux/netlink.h: NLA_F_NESTED. nf_tables and strict checking insist on it. */
const nestedFlag = 0x8000;
const attributeHeaderBytes = 4;
const maximumAttributeBytes = 0xffff;
const firstBytes = 64 * 1024;
/** What one large transaction needed is not kept for the small requests after it. */
const keptBytes = 1024 * 1024;

/** Appends netlink messages to one growing buffer; used again after `reset`. */
export class MessageWriter {
  bytes: Buffer;
  view: DataView;
  /** How many bytes are written. */
  length = 0;
  #message = 0;

  constructor(size = 4096) {
    this.bytes = Buffer.alloc(size);
    this.view = viewOf(this.bytes);
  }

  /** Beyond `length` all bytes are zero, so that padding needs no care. */
  reset(): void {
    if (this.bytes.length > keptBytes) {
      this.bytes = Buffer.alloc(keptBytes);
      this.view = viewOf(this.bytes);
    } else {
      this.bytes.fill(0, 0, this.length);
    }
    this.length = 0;
  }

  /** struct nlmsghdr { __u32 len; __u16 type; __u16 flags; __u32 seq; __u32 pid; } */
  beginMessage(type: number, flags: number, sequence: number): void {
    this.#message = this.reserve(headerBytes);
    const { view } = this;
    view.setUint16(this.#message + 4, type, hostIsLittle);
    view.setUint16(this.#message + 6, flags, hostIsLittle);
    view.setUint32(this.#message + 8, sequence, hostIsLittle);
  }

  endMessage(): void {
    this.view.setUint32(this.#message, this.length - this.#message, hostIsLittle);
  }

  /** Offset of `size` new zero bytes, padded to the alignment; writes through `view` follow. */
  reserve(size: number): number {
    const offset = this.length;
    const end = offset + aligned(size);
    if (end > this.bytes.length) this.#grow(end);
    this.length = end;
    return offset;
  }

  /** Begins an attribute of exactly `size` payload bytes; returns the payload's offset. */
  attribute(type: number, size: number): number {
    const length = attributeHeaderBytes + size;
    if (length > maximumAttributeBytes) throw tooLong(type, length);
    const offset = this.reserve(length);
    this.view.setUint16(offset, length, hostIsLittle);
    this.view.setUint16(offset + 2, type, hostIsLittle);
    return offset + attributeHeaderBytes;
  }

  /** Opens a nested attribute; give what it returns to `endNest`. */
  beginNest(type: number): number {
    const offset = this.beginPlainNest(type);
    this.view.setUint16(offset + 2, type | nestedFlag, hostIsLittle);
    return offset;
  }

  /** As beginNest without NLA_F_NESTED: old families (tc, linkinfo) are sent as iproute2 does. */
  beginPlainNest(type: number): number {
    const offset = this.reserve(attributeHeaderBytes);
    this.view.setUint16(offset + 2, type, hostIsLittle);
    return offset;
  }

  endNest(offset: number): void {
    const length = this.length - offset;
    if (length > maximumAttributeBytes) {
      throw tooLong(this.view.getUint16(offset + 2, hostIsLittle) & ~nestedFlag, length);
    }
    this.view.setUint16(offset, length, hostIsLittle);
  }

  /** What is written, for longer than until `reset`: a copy, or a large buffer itself. */
  take(): Buffer {
    const written = this.bytes.subarray(0, this.length);
    if (this.length <= firstBytes) return Buffer.from(written);
    this.bytes = Buffer.alloc(firstBytes);
    this.view = viewOf(this.bytes);
    this.length = 0;
    return written;
  }

  #grow(needed: number): void {
    if (needed > limits.netlinkRequestBytes) {
      const most = limits.netlinkRequestBytes;
      throw new DomainError('invalid', `A netlink request of ${needed} bytes (${most} allowed)`);
    }
    // Fresh memory is what takes the time here: few steps.
    const bigger = Buffer.alloc(Math.max(needed, this.bytes.length * 4));
    this.bytes.copy(bigger, 0, 0, this.length);
    this.bytes = bigger;
    this.view = viewOf(bigger);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function tooLong(type: number, length: number): DomainError {
  const most = maximumAttributeBytes;
  return new DomainError('invalid', `Netlink attribute ${type} has ${length} bytes (${most} fit)`);
}
