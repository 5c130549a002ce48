import { writeWhole } from '../../base/state-file.ts';
import type { Authority } from './authority/authority.ts';
import type { Credential } from './authority/issue.ts';
import { RenewedCredential } from './authority/renewed-credential.ts';
import { groupsOfAll } from './user.ts';

export interface AdminAccessOptions {
  readonly authority: Authority;
  readonly folder: string;
  /** What the kubeconfig calls: `https://127.0.0.1:6443`. */
  readonly url: string;
  readonly lifetimeMs: number;
  readonly failed: (error: unknown) => void;
}

/** The administrator's kubeconfig (0600), written anew whenever its certificate is renewed. */
export async function openAdminAccess(options: AdminAccessOptions): Promise<AdminAccess> {
  const { authority, folder, url, lifetimeMs, failed } = options;
  const path = `${folder}/admin.kubeconfig`;
  const write = (credential: Credential) =>
    writeWhole(path, kubeconfigText(url, authority.certificate, credential));
  const credential = await RenewedCredential.open({
    authority,
    path: `${folder}/admin.pem`,
    plan: {
      commonName: 'kubernetes-admin',
      organizations: [groupsOfAll.masters],
      names: [],
      usage: 'client',
      lifetimeMs,
    },
    renewed: write,
    failed,
  });
  await write(credential.credential);
  return { path, [Symbol.dispose]: () => credential[Symbol.dispose]() };
}

export interface AdminAccess extends Disposable {
  /** The kubeconfig's. */
  readonly path: string;
}

/** One cluster, one user. JSON is YAML too. */
function kubeconfigText(
  server: string,
  authority: string,
  { certificate, key }: Credential,
): string {
  const cluster = { server, 'certificate-authority-data': encode(authority) };
  const user = { 'client-certificate-data': encode(certificate), 'client-key-data': encode(key) };
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'keelson', cluster }],
    users: [{ name: 'admin', user }],
    contexts: [{ name: 'keelson', context: { cluster: 'keelson', user: 'admin' } }],
    'current-context': 'keelson',
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}
