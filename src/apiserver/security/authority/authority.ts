import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DomainError, hasCode } from '../../../base/error.ts';
import { writeWhole } from '../../../base/state-file.ts';
import {
  type CertificatePlan,
  type Credential,
  issueCertificate,
  issueCredential,
  makeAuthority,
  type Signer,
} from './issue.ts';
import { pemOf } from './key-pair.ts';

const tenYearsMs = 10 * 365 * 24 * 3600 * 1000;

/** The cluster's own certificate authority. */
export class Authority {
  readonly #signer: Signer;
  readonly #own: X509Certificate;

  constructor(signer: Signer) {
    this.#signer = signer;
    this.#own = new X509Certificate(signer.certificate);
  }

  /** What clients trust, PEM. */
  get certificate(): string {
    return this.#signer.certificate;
  }

  /** Makes a key and a certificate for it. */
  issue(plan: CertificatePlan): Promise<Credential> {
    return issueCredential(this.#signer, plan);
  }

  /** Signs a certificate for a key given as SubjectPublicKeyInfo; PEM. */
  sign(plan: CertificatePlan, publicKey: Buffer): Promise<string> {
    return issueCertificate(this.#signer, plan, publicKey);
  }

  hasIssued(certificate: X509Certificate): boolean {
    return certificate.checkIssued(this.#own) && certificate.verify(this.#own.publicKey);
  }
}

/**
 * The authority kept in a file, made when there is none. Key and certificate are in one file and
 * written at once: after a crash there are both or neither.
 */
export async function openAuthority(path: string): Promise<Authority> {
  const known = await readCredential(path);
  if (known !== undefined) {
    return new Authority({ certificate: known.certificate, key: privateKeyOf(known.key, path) });
  }
  const made = await makeAuthority('keelson', tenYearsMs);
  await writeCredential(path, { certificate: made.certificate, key: pemOf(made.key) });
  return new Authority(made);
}

/** A certificate and its key from one file; undefined when there is none. */
export async function readCredential(path: string): Promise<Credential | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const certificate = blockOf(text, 'CERTIFICATE');
  const key = blockOf(text, 'PRIVATE KEY');
  if (certificate === undefined || key === undefined) {
    throw new DomainError('invalid', `"${path}" has no certificate with its key`);
  }
  return { certificate, key };
}

export function writeCredential(path: string, { certificate, key }: Credential): Promise<void> {
  return writeWhole(path, certificate + key);
}

function blockOf(text: string, label: string): string | undefined {
  const match = new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`).exec(text);
  return match === null ? undefined : `${match[0]}\n`;
}

function privateKeyOf(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new DomainError('invalid', `The key in "${path}" is damaged`, { cause });
  }
}
