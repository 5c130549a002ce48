import { randomBytes, type KeyObject, createPublicKey } from 'node:crypto';
import { isIP } from 'node:net';
import { cryptoKeysOf, keyAlgorithm, makeKey, pemOf } from './key-pair.ts';
import { loadX509 } from './x509.ts';

/** Who or what a certificate is for. */
export interface CertificatePlan {
  readonly commonName: string;
  /** Groups of a client. */
  readonly organizations: readonly string[];
  /** Names and addresses of a server. */
  readonly names: readonly string[];
  readonly usage: 'client' | 'server';
  readonly lifetimeMs: number;
}

export interface Signer {
  /** PEM */
  readonly certificate: string;
  readonly key: KeyObject;
}

/** A certificate and its key, both PEM. */
export interface Credential {
  readonly certificate: string;
  readonly key: string;
}

const usages = { client: '1.3.6.1.5.5.7.3.2', server: '1.3.6.1.5.5.7.3.1' } as const;
/** Clocks of a cluster's machines differ. */
const clockDifferenceMs = 5 * 60_000;

/** An authority of its own, signed by itself. */
export async function makeAuthority(commonName: string, lifetimeMs: number): Promise<Signer> {
  const x509 = await loadX509();
  const key = await makeKey();
  const keys = await cryptoKeysOf(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: new x509.Name([{ CN: [commonName] }]),
    ...validity(lifetimeMs),
    signingAlgorithm: keyAlgorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign |
          x509.KeyUsageFlags.cRLSign |
          x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key };
}

/** A certificate with a key made for it. */
export async function issueCredential(signer: Signer, plan: CertificatePlan): Promise<Credential> {
  const key = await makeKey();
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return { certificate: await issueCertificate(signer, plan, publicKey), key: pemOf(key) };
}

/** A certificate for a key that somebody else keeps, given as SubjectPublicKeyInfo. */
export async function issueCertificate(
  signer: Signer,
  { commonName, organizations, names, usage, lifetimeMs }: CertificatePlan,
  publicKey: Uint8Array<ArrayBuffer> | Buffer,
): Promise<string> {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(signer.certificate);
  const { privateKey } = await cryptoKeysOf(signer.key);
  const key = new x509.PublicKey(new Uint8Array(publicKey));
  const alternatives = names.map((name) => ({
    type: isIP(name) > 0 ? ('ip' as const) : ('dns' as const),
    value: name,
  }));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: new x509.Name([
      ...(organizations.length > 0 ? organizations.map((name) => ({ O: [name] })) : []),
      { CN: [commonName] },
    ]),
    issuer: issuer.subjectName,
    ...validity(lifetimeMs, issuer.notAfter),
    signingAlgorithm: keyAlgorithm,
    publicKey: key,
    signingKey: privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      new x509.ExtendedKeyUsageExtension([usages[usage]], false),
      await x509.AuthorityKeyIdentifierExtension.create(issuer, false),
      ...(alternatives.length > 0
        ? [new x509.SubjectAlternativeNameExtension(alternatives, false)]
        : []),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

/** No certificate outlives who signed it. */
function validity(lifetimeMs: number, latest = new Date(8.64e15)) {
  const now = Date.now();
  const backdatedMs = Math.min(clockDifferenceMs, lifetimeMs / 10);
  const end = Math.min(now + lifetimeMs, latest.getTime());
  return { notBefore: new Date(now - backdatedMs), notAfter: new Date(end) };
}

/** Positive, as the encoding wants it, and never twice. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
