import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { ApiClient } from '../../../api/client/client.ts';
import { isRefused } from '../../../api/client/refusal.ts';
import { resources } from '../../../api/client/resources.ts';
import { type Clock, sleep } from '../../../base/clock.ts';
import { DomainError } from '../../../base/error.ts';
import { type Credential, forgetKey, isInForce, pendingKey } from './credential-file.ts';
import { keyText, type Subject, writeRequest } from './write-certificate.ts';

export interface CertificateWish {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly subject: Subject;
  readonly signer: 'kube-apiserver-client-kubelet' | 'kubelet-serving';
  /** Where the key waits for its certificate, 0600. */
  readonly keyPath: string;
}

const firstLookMs = 50;
const longestLookMs = 2000;
/** After that another request is made: somebody may have removed this one. */
const patienceMs = 15 * 60_000;

const usages = {
  'kube-apiserver-client-kubelet': ['digital signature', 'client auth'],
  'kubelet-serving': ['digital signature', 'server auth'],
} as const;

/**
 * Asks the cluster for a certificate and waits until it is signed. Throws `denied` for a refusal,
 * `timeout` when nobody answers; the key is then no longer kept.
 */
export async function requestCertificate(wish: CertificateWish): Promise<Credential> {
  const { client, subject, signer, keyPath } = wish;
  const key = await pendingKey(keyPath);
  const name = requestName(signer, subject, key);
  const request = Buffer.from(writeRequest(subject, key)).toString('base64');
  const object = {
    metadata: { name },
    spec: { signerName: `kubernetes.io/${signer}`, request, usages: usages[signer] },
  };
  try {
    await client.create(resources.certificateSigningRequests, object);
  } catch (error) {
    // Asked before, with the same key.
    if (!isRefused(error, 'AlreadyExists')) throw error;
  }
  try {
    const certificate = await signed(wish, name);
    const credential = { certificate, key: keyText(key) };
    if (!isInForce(credential, Date.now())) {
      throw new DomainError('invalid', `The certificate of request "${name}" does not fit its key`);
    }
    return credential;
  } catch (error) {
    if (!wish.signal.aborted) await forgetKey(keyPath);
    throw error;
  }
}

/** The same for the same key and subject. */
function requestName(signer: string, { names }: Subject, key: KeyObject): string {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const digest = createHash('sha256').update(spki).update(names.join()).digest('hex');
  return `${signer === 'kubelet-serving' ? 'csr' : 'node-csr'}-${digest.slice(0, 40)}`;
}

async function signed({ client, clock, signal }: CertificateWish, name: string): Promise<string> {
  const end = clock.now() + patienceMs;
  for (let wait = firstLookMs; ; wait = Math.min(wait * 2, longestLookMs)) {
    const found = await client
      .get(resources.certificateSigningRequests, { namespace: '', name })
      .catch((error: unknown) => {
        if (isRefused(error, 'NotFound', 'Forbidden', 'Unauthorized')) throw error;
        return undefined;
      });
    const { certificate = '', conditions = [] } = found?.status ?? {};
    if (certificate !== '') return Buffer.from(certificate, 'base64').toString('utf8');
    const refusal = conditions.find(({ type }) => type === 'Denied' || type === 'Failed');
    if (refusal !== undefined) {
      const words = `${refusal.type}: ${refusal.message ?? refusal.reason ?? ''}`;
      throw new DomainError('denied', `Certificate request "${name}" is ${words}`);
    }
    if (signal.aborted || clock.now() > end) {
      throw new DomainError('timeout', `Nobody has answered certificate request "${name}"`);
    }
    await sleep(clock, wait, signal);
  }
}
