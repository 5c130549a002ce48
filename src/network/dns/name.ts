import { DomainError } from '../../base/error.ts';

/** RFC 1035, 3.1: bytes of a name on the wire, and of one label. */
const nameBytes = 255;
const labelBytes = 63;

/**
 * A name as its labels in lower case, joined by dots; the root is the empty text. A label with a
 * dot or anything but printable ASCII in it is written with escapes, so that it is none of ours.
 */
export type Name = string;

/**
 * The name at an offset, and where it ends there. Pointers only lead backwards, to before the
 * place that leads there, so that none leads round. Throws DomainError `invalid`.
 */
export function readName(bytes: Buffer, offset: number): { name: Name; end: number } {
  const labels: string[] = [];
  let at = offset;
  let end = -1;
  let limit = offset;
  let length = 1;
  for (;;) {
    const size = byteAt(bytes, at);
    if (size === 0) return { name: labels.join('.'), end: end < 0 ? at + 1 : end };
    if (size >= 0xc0) {
      const target = ((size & 0x3f) << 8) | byteAt(bytes, at + 1);
      if (end < 0) end = at + 2;
      if (target >= limit) throw malformed('a pointer that leads nowhere');
      limit = target;
      at = target;
      continue;
    }
    if (size > labelBytes) throw malformed('a label of an unknown kind');
    length += size + 1;
    if (length > nameBytes) throw malformed('a name that is too long');
    if (at + 1 + size > bytes.length) throw malformed('a name that ends early');
    labels.push(readLabel(bytes.subarray(at + 1, at + 1 + size)));
    at += size + 1;
  }
}

/** The name without pointers. Throws DomainError `invalid` for one that does not fit. */
export function encodeName(name: Name): Buffer {
  const parts: Buffer[] = [];
  for (const label of name === '' ? [] : name.split('.')) {
    const bytes = Buffer.from(label, 'latin1');
    if (bytes.length === 0 || bytes.length > labelBytes || label.includes('\\')) {
      throw malformed(`the label "${label}"`);
    }
    parts.push(Buffer.from([bytes.length]), bytes);
  }
  const encoded = Buffer.concat([...parts, Buffer.from([0])]);
  if (encoded.length > nameBytes) throw malformed('a name that is too long');
  return encoded;
}

/** The name below a domain, as labels from the left; undefined when it is not below it. */
export function below(name: Name, domain: Name): string[] | undefined {
  if (name === domain) return [];
  if (!name.endsWith(`.${domain}`)) return undefined;
  return name.slice(0, -domain.length - 1).split('.');
}

export function malformed(what: string): DomainError {
  return new DomainError('invalid', `A DNS message has ${what}`);
}

function readLabel(bytes: Buffer): string {
  let label = '';
  for (const byte of bytes) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c;
    label += plain ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`;
  }
  return label.toLowerCase();
}

function byteAt(bytes: Buffer, offset: number): number {
  const byte = bytes[offset];
  if (byte === undefined) throw malformed('a name that ends early');
  return byte;
}
