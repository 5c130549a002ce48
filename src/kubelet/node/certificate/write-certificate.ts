import {
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP, SocketAddress } from 'node:net';
import { promisify } from 'node:util';
import {
  bits,
  boolean,
  context,
  identifier,
  integer,
  octets,
  sequence,
  set,
  time,
  utf8,
} from './der.ts';

/*
 * Requests (PKCS #10) and certificates (RFC 5280) for keys on P-256, written here because the
 * library that can do more takes tens of milliseconds and twenty megabytes to load.
 */

export interface Subject {
  readonly commonName: string;
  readonly organization: string;
  /** Names and addresses of a server. */
  readonly names: readonly string[];
}

const generate = promisify(generateKeyPair);
const ids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
  extensionRequest: '1.2.840.113549.1.9.14',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const;

export async function makeKey(): Promise<KeyObject> {
  return (await generate('ec', { namedCurve: 'P-256' })).privateKey;
}

export function keyText(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The request for a certificate, PEM. */
export function writeRequest(subject: Subject, key: KeyObject): string {
  const extensions = subject.names.length === 0 ? [] : [alternativeNames(subject.names)];
  const attributes =
    extensions.length === 0
      ? []
      : [sequence(identifier(ids.extensionRequest), set(sequence(...extensions)))];
  const content = sequence(
    integer(0),
    nameOf(subject),
    publicKeyOf(key),
    context(0, Buffer.concat(attributes)),
  );
  return pem('CERTIFICATE REQUEST', signed(content, key));
}

/** A server's certificate that nobody else vouches for, PEM. */
export function writeSelfSigned(subject: Subject, key: KeyObject, lifetimeMs: number): string {
  const now = Date.now();
  const content = sequence(
    context(0, integer(2)),
    integer(serialNumber()),
    sequence(identifier(ids.ecdsaWithSha256)),
    nameOf(subject),
    // Clocks of a cluster's machines differ.
    sequence(time(now - 5 * 60_000), time(now + lifetimeMs)),
    nameOf(subject),
    publicKeyOf(key),
    context(
      3,
      sequence(
        extension(ids.basicConstraints, sequence(), true),
        // digitalSignature, the first bit of eight.
        extension(ids.keyUsage, bits(Buffer.from([0x80]), 7), true),
        extension(ids.extendedKeyUsage, sequence(identifier(ids.serverAuthentication))),
        alternativeNames(subject.names),
      ),
    ),
  );
  return pem('CERTIFICATE', signed(content, key));
}

/** The certificate in PEM; undefined where the text has none that can be read. */
export function readCertificate(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text);
  } catch {
    return undefined;
  }
}

function signed(content: Buffer, key: KeyObject): Buffer {
  const signature = sign('sha256', content, key);
  return sequence(content, sequence(identifier(ids.ecdsaWithSha256)), bits(signature));
}

function nameOf({ commonName, organization }: Subject): Buffer {
  const parts = [
    [ids.organization, organization],
    [ids.commonName, commonName],
  ] as const;
  const given = parts.filter(([, value]) => value !== '');
  return sequence(...given.map(([id, value]) => set(sequence(identifier(id), utf8(value)))));
}

function publicKeyOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  const flag = critical ? [boolean(true)] : [];
  return sequence(identifier(id), ...flag, octets(value));
}

function alternativeNames(names: readonly string[]): Buffer {
  const entries = names.map((name) =>
    isIP(name) === 0
      ? context(2, Buffer.from(name, 'latin1'), false)
      : context(7, addressBytes(name), false),
  );
  return extension(ids.alternativeNames, sequence(...entries));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const { address: canonical } = new SocketAddress({ address, family: 'ipv6' });
  const v4 = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(canonical);
  const text = v4 === null ? canonical : `${v4[1]}${word(v4[2], v4[3])}:${word(v4[4], v4[5])}`;
  const [head = '', tail] = text.split('::');
  const [left = [], right = []] = [head, tail ?? ''].map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const words = tail === undefined ? left : [...left, ...zeros, ...right];
  const bytes = Buffer.alloc(16);
  words.forEach((digits, index) => bytes.writeUInt16BE(Number.parseInt(digits, 16), index * 2));
  return bytes;
}

function word(high: string | undefined, low: string | undefined): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}

/** Positive, as the encoding wants it, and never twice. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
