import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Signed by an issuer, or by itself. */
export async function makeCertificate(
  folder: string,
  name: string,
  issuer?: Certificate,
): Promise<Certificate> {
  const certificateFile = join(folder, `${name}.pem`);
  const keyFile = join(folder, `${name}.key`);
  const subject = ['-subj', `/CN=${name}`, '-days', '2', '-nodes'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', keyFile];
  const purposes = issuer === undefined ? [] : ['-addext', 'subjectAltName=IP:127.0.0.1'];
  const signer =
    issuer === undefined ? [] : ['-CA', issuer.certificateFile, '-CAkey', issuer.keyFile];
  const flags = [
    'req',
    '-x509',
    ...key,
    ...subject,
    ...purposes,
    ...signer,
    '-out',
    certificateFile,
  ];
  const { status, stderr } = spawnSync('openssl', flags);
  if (status !== 0) throw new Error(`openssl failed: ${stderr.toString()}`);
  await writeFile(join(folder, `${name}.done`), '');
  return { certificateFile, keyFile };
}
