import { stringify } from 'yaml';
import type { ApiAddress } from '../../../api/client/connection.ts';
import { writeWhole } from '../../../base/state-file.ts';

/** A kubeconfig whose certificate and key lie in a file that is renewed. */
export async function writeKubeconfig(
  path: string,
  { server, authority, serverName }: ApiAddress,
  credentialPath: string,
): Promise<void> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'default-cluster',
        cluster: {
          server,
          ...(authority !== undefined && {
            'certificate-authority-data': Buffer.from(authority).toString('base64'),
          }),
          ...(serverName !== undefined && { 'tls-server-name': serverName }),
        },
      },
    ],
    users: [
      {
        name: 'default-auth',
        user: { 'client-certificate': credentialPath, 'client-key': credentialPath },
      },
    ],
    contexts: [
      {
        name: 'default-context',
        context: { cluster: 'default-cluster', user: 'default-auth' },
      },
    ],
    'current-context': 'default-context',
  };
  await writeWhole(path, stringify(config));
}
