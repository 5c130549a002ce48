import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { hasCode } from '../../../base/error.ts';
import { writeWhole } from '../../../base/state-file.ts';
import { keyText, makeKey, readCertificate } from './write-certificate.ts';

/** A certificate and its key, both PEM. */
export interface Credential {
  readonly certificate: string;
  readonly key: string;
}

/** What the file has, if its certificate is in force and fits the key. */
export async function readCredential(path: string): Promise<Credential | undefined> {
  const text = await readText(path);
  const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----/.exec(text);
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (key === null || certificates === null) return undefined;
  const credential = { certificate: `${certificates.join('\n')}\n`, key: `${key[0]}\n` };
  return isInForce(credential, Date.now()) ? credential : undefined;
}

/** Keeps it, whole or not at all and for its owner alone; its key is no longer pending. */
export async function keepCredential(
  path: string,
  { certificate, key }: Credential,
  pendingPath: string,
): Promise<void> {
  await writeWhole(path, certificate + key);
  await forgetKey(pendingPath);
}

export function isInForce({ certificate, key }: Credential, nowMs: number): boolean {
  const parsed = readCertificate(certificate);
  const privateKey = readKey(key);
  if (parsed === undefined || privateKey === undefined) return false;
  const { validFromDate, validToDate } = parsed;
  const isNow = validFromDate.getTime() <= nowMs && nowMs < validToDate.getTime();
  return isNow && parsed.checkPrivateKey(privateKey);
}

/** A key that is waited with: whoever is ended meanwhile goes on with the same request. */
export async function pendingKey(path: string): Promise<KeyObject> {
  const kept = readKey(await readText(path));
  if (kept !== undefined) return kept;
  const made = await makeKey();
  await writeWhole(path, keyText(made));
  return made;
}

export async function forgetKey(path: string): Promise<void> {
  await rm(path, { force: true });
}

function readKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}
