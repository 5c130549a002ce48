import { endianness } from 'node:os';
import { DomainError } from '../base/error.ts';

/** Netlink headers and attributes travel in the machine's own byte order. */
export const hostIsLittle = endianness() === 'LE';

/** linux/netlink.h: types that every family knows. */
export const controlType = { noop: 1, error: 2, done: 3, overrun: 4 } as const;

/** linux/netlink.h: NLM_F_*. Values from 0x100 differ in meaning for get, new and delete. */
export const flag = {
  request: 0x1,
  multi: 0x2,
  acknowledge: 0x4,
  echo: 0x8,
  dumpInterrupted: 0x10,
  dumpFiltered: 0x20,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
  nonRecursive: 0x100,
  bulk: 0x200,
  capped: 0x100,
  extendedAcknowledgement: 0x200,
} as const;

export const headerBytes = 16;

/** Bytes with a view on them, as every decoder reads them. */
export class Source {
  readonly bytes: Buffer;
  readonly view: DataView;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** One message in a Source: its header's fields and where its payload lies. */
export interface Message {
  readonly source: Source;
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** Offsets of the payload in the source. */
  readonly start: number;
  readonly end: number;
}

/**
 * The messages that fill the first `length` bytes. A length that does not fit is DomainError
 * `invalid`: nothing after it can be trusted to be a header.
 */
export function readMessages(source: Source, length: number): Message[] {
  const { view } = source;
  const messages: Message[] = [];
  let offset = 0;
  while (offset + headerBytes <= length) {
    const bytes = view.getUint32(offset, hostIsLittle);
    if (bytes < headerBytes || bytes > length - offset) {
      throw new DomainError('invalid', `A netlink message claims ${bytes} bytes at ${offset}`);
    }
    messages.push({
      source,
      type: view.getUint16(offset + 4, hostIsLittle),
      flags: view.getUint16(offset + 6, hostIsLittle),
      sequence: view.getUint32(offset + 8, hostIsLittle),
      start: offset + headerBytes,
      end: offset + bytes,
    });
    offset += aligned(bytes);
  }
  return messages;
}

export function aligned(bytes: number): number {
  return (bytes + 3) & ~3;
}

/** Throws DomainError `invalid` when a message is too short for the structure it begins with. */
export function requirePayload(message: Message, bytes: number): void {
  const has = message.end - message.start;
  if (has >= bytes) return;
  throw new DomainError('invalid', `Netlink message ${message.type} has ${has} of ${bytes} bytes`);
}
