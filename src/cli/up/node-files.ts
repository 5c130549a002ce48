import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { ClusterNetwork } from '../../api/cluster-network.ts';
import type { HostChange } from '../../base/host-change.ts';
import { Ledger } from '../../base/ledger.ts';
import { writeWhole } from '../../base/state-file.ts';

/** What a node of the cluster finds in `/etc/keelson`. */
export interface NodeFiles {
  readonly folder: string;
  /** With the token: the kubelet asks for its certificate by it, and never again after that. */
  readonly bootstrapKubeconfig: string;
  /** The kubelet's own, once it has a certificate; the network agent's, too. */
  readonly kubeconfig: string;
  /** A KubeletConfiguration. */
  readonly kubeletConfig: string;
  readonly authority: string;
}

export function nodeFilesIn(folder: string): NodeFiles {
  return {
    folder,
    bootstrapKubeconfig: `${folder}/bootstrap.kubeconfig`,
    kubeconfig: `${folder}/kubelet.kubeconfig`,
    kubeletConfig: `${folder}/kubelet.yaml`,
    authority: `${folder}/authority.crt`,
  };
}

export interface Membership {
  /** `https://192.168.61.11:6443` */
  readonly server: string;
  /** In PEM. */
  readonly authority: string;
  readonly token: string;
  readonly network: ClusterNetwork;
}

/**
 * Writes them, and down in the ledger before that; a KubeletConfiguration that is there already is
 * the operator's.
 */
export async function writeNodeFiles(
  files: NodeFiles,
  membership: Membership,
  ledgerFolder: string,
): Promise<void> {
  await using ledger = await Ledger.open(ledgerFolder, 'up');
  await ledger.record(...changesOf(files));
  await mkdir(files.folder, { recursive: true, mode: 0o755 });
  await mkdir(`${files.folder}/manifests`, { recursive: true, mode: 0o755 });
  await writeWhole(files.authority, membership.authority);
  await writeWhole(files.bootstrapKubeconfig, kubeconfigText(membership));
  if (!existsSync(files.kubeletConfig)) {
    await writeWhole(files.kubeletConfig, kubeletText(files, membership.network));
  }
}

function changesOf({ folder, ...paths }: NodeFiles): readonly HostChange[] {
  const folders = [folder, `${folder}/manifests`].filter(absent);
  return [
    ...folders.map((path) => ({ kind: 'folder', path, whole: false }) as const),
    ...Object.values(paths)
      .filter(absent)
      .map((path) => ({ kind: 'file', path }) as const),
  ];
}

function absent(path: string): boolean {
  return !existsSync(path);
}

/** JSON is YAML too. */
function kubeconfigText({ server, authority, token }: Membership): string {
  const data = Buffer.from(authority).toString('base64');
  const name = 'keelson';
  const user = 'bootstrap';
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': data } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name, context: { cluster: name, user } }],
    'current-context': name,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function kubeletText({ folder, authority }: NodeFiles, { clusterDns }: ClusterNetwork): string {
  return `# Written by \`keelson up\` when it was not there; yours from then on.
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous:
    enabled: false
  webhook:
    enabled: true
  x509:
    clientCAFile: ${authority}
authorization:
  mode: Webhook
clusterDNS:
${clusterDns.map((address) => `  - ${address}`).join('\n')}
clusterDomain: cluster.local
failSwapOn: false
rotateCertificates: true
serverTLSBootstrap: true
staticPodPath: ${folder}/manifests
`;
}
