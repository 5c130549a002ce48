import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';

/** Names in lower case; a name occurs once, several values of it are parted by NUL. */
export type Headers = ReadonlyMap<string, string>;

/** How many there are, then each name and value after its length. */
export function encodeHeaders(headers: Headers): Buffer {
  const texts = [...headers].flatMap(([name, value]) => [
    Buffer.from(name.toLowerCase(), 'latin1'),
    Buffer.from(value, 'latin1'),
  ]);
  const counted = texts.flatMap((text) => [uint32(text.length), text]);
  return Buffer.concat([uint32(headers.size), ...counted]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Throws DomainError `invalid` for what is cut off, too much, or says a name twice. */
export function parseHeaders(block: Buffer): Headers {
  const headers = new Map<string, string>();
  let at = 0;
  const number = (): number => {
    if (at + 4 > block.length) throw cut();
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = (): string => {
    const length = number();
    if (length > block.length - at) throw cut();
    at += length;
    return block.toString('latin1', at - length, at);
  };
  const count = number();
  if (count > limits.spdyHeaders) {
    throw new DomainError('invalid', `${count} SPDY headers (${limits.spdyHeaders} allowed)`);
  }
  for (let index = 0; index < count; index++) {
    const name = text();
    if (name === '' || headers.has(name)) {
      throw new DomainError('invalid', `SPDY header ${JSON.stringify(name)} is empty or repeated`);
    }
    headers.set(name, text());
  }
  if (at !== block.length) throw new DomainError('invalid', 'SPDY headers are followed by bytes');
  return headers;
}

function cut(): DomainError {
  return new DomainError('invalid', 'SPDY headers are cut off');
}
