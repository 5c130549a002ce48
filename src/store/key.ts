import { Buffer } from 'node:buffer';
import { DomainError } from '../base/error.ts';
import { limits } from '../base/limits.ts';

/** Throws DomainError `invalid` unless this is a key such as `/registry/pods/default/web`. */
export function checkKey(key: string): void {
  const fault = keyFault(key);
  if (fault !== undefined) throw new DomainError('invalid', `Key ${quote(key)} ${fault}`);
}

/** A prefix ends with a slash, so that `/registry/pods/a/` never means the namespace `ab` too. */
export function checkPrefix(prefix: string): void {
  if (prefix === '/') return;
  const fault = prefix.endsWith('/') ? keyFault(prefix.slice(0, -1)) : 'does not end with "/"';
  if (fault !== undefined) throw new DomainError('invalid', `Prefix ${quote(prefix)} ${fault}`);
}

/** The first key after all that start with the prefix: `0` is the byte after `/`. */
export function endOfPrefix(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}

/** `/registry/pods/default/web` is below `/`, `/registry/`, `/registry/pods/` and so on. */
export function prefixesOf(key: string): string[] {
  const prefixes: string[] = [];
  for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1)) {
    prefixes.push(key.slice(0, slash + 1));
  }
  return prefixes;
}

/** The order of databases, by bytes of UTF-8; JavaScript's own is by UTF-16 and differs. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function keyFault(key: string): string | undefined {
  if (!key.startsWith('/') || key.length < 2) return 'does not start with "/" and a name';
  if (key.endsWith('/') || key.includes('//')) return 'has an empty part';
  if (key.length > limits.storeKeyBytes || Buffer.byteLength(key) > limits.storeKeyBytes) {
    return `is longer than ${limits.storeKeyBytes} bytes`;
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(key)) return 'holds a control character';
  return key.isWellFormed() ? undefined : 'is not well-formed Unicode';
}

function quote(key: string): string {
  return JSON.stringify(key.length > 200 ? `${key.slice(0, 200)}…` : key);
}
