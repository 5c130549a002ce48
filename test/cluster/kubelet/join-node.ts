import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { systemClock } from '../../../src/base/clock.ts';
import type { Logger } from '../../../src/base/log.ts';
import type { CredentialOptions, NodeCredentials } from '../../../src/kubelet/node/node-options.ts';
import { openNodeCredentials } from '../../../src/kubelet/node/open-node-credentials.ts';
import type { CoordinatorProcess } from '../security/coordinator-process.ts';
import type { SharedCoordinator } from '../security/shared-coordinator.ts';

const [id, secret] = ['abcdef', '0123456789abcdef'];
export const secretsPath = '/api/v1/namespaces/kube-system/secrets';
/** Makes {@link token} good. */
export const tokenSecret = {
  metadata: { name: `bootstrap-token-${id}` },
  type: 'bootstrap.kubernetes.io/token',
  stringData: {
    'token-id': id,
    'token-secret': secret,
    'usage-bootstrap-authentication': 'true',
  },
};
/** What {@link makeToken} makes good. */
export const token = `${id}.${secret}`;

export async function makeToken(shared: SharedCoordinator): Promise<void> {
  await shared.make(secretsPath, tokenSecret);
}

export function optionsFor(
  { folder }: CoordinatorProcess,
  name: string,
  log: Logger,
): CredentialOptions {
  const own = join(folder, name);
  return {
    name,
    clock: systemClock,
    log,
    signal: AbortSignal.timeout(120_000),
    folder: join(own, 'pki'),
    kubeconfig: join(own, 'kubeconfig'),
    bootstrapKubeconfig: join(folder, `${name}-bootstrap`),
    rotates: true,
  };
}

export function writeBootstrap(
  coordinator: CoordinatorProcess,
  { bootstrapKubeconfig = '' }: CredentialOptions,
  given = token,
): void {
  const data = Buffer.from(coordinator.authority).toString('base64');
  const cluster = { server: coordinator.url, 'certificate-authority-data': data };
  const config = {
    clusters: [{ name: 'a', cluster }],
    users: [{ name: 'a', user: { token: given } }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    'current-context': 'a',
  };
  writeFileSync(bootstrapKubeconfig, stringify(config));
}

/** A machine's way into the cluster: from a token to a certificate of its own. */
export async function joinNode(
  shared: SharedCoordinator,
  name: string,
  log: Logger,
): Promise<NodeCredentials & Disposable> {
  await makeToken(shared);
  const options = optionsFor(shared.process, name, log);
  writeBootstrap(shared.process, options);
  return await openNodeCredentials(options);
}
