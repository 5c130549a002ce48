import { randomInt, X509Certificate } from 'node:crypto';
import { DomainError } from '../../base/error.ts';
import type { ApiClient, Stored } from '../../api/client/client.ts';
import { resources } from '../../api/client/resources.ts';
import type { Secret } from '../../api/types/generated/core-v1.ts';
import { ApiError } from '../../api/status.ts';
import { keyHash } from './discover-authority.ts';
import type { JoinLine } from './join-line.ts';

const namespace = 'kube-system';
const tokenType = 'bootstrap.kubernetes.io/token';
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A token that machines join by, good for so long: a Secret, as `kubeadm token create` makes. */
export async function createToken(
  client: ApiClient,
  {
    lifetimeMs,
    token = `${randomText(6)}.${randomText(16)}`,
  }: { readonly lifetimeMs: number; readonly token?: string | undefined },
): Promise<string> {
  const [, id = '', secret = ''] = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(token) ?? [];
  if (id === '') throw new DomainError('invalid', 'A token is abcdef.0123456789abcdef');
  const name = `bootstrap-token-${id}`;
  // One that was agreed on is made anew, with its new time.
  await client.delete(resources.secrets, { namespace, name }).catch(unlessAbsent);
  await client.create(resources.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    type: tokenType,
    metadata: { namespace, name },
    stringData: {
      'token-id': id,
      'token-secret': secret,
      expiration: new Date(Date.now() + lifetimeMs).toISOString().replace(/\.\d+/, ''),
      'usage-bootstrap-authentication': 'true',
      'usage-bootstrap-signing': 'true',
      description: 'Made by keelson for machines that join.',
    },
  });
  return token;
}

/** Takes away the tokens whose time is over; stock clusters have a controller for it. */
export async function removeOldTokens(client: ApiClient): Promise<void> {
  const { items } = await client.list(resources.secrets, { namespace });
  for (const secret of items) {
    if (secret.type !== tokenType || !isOver(secret)) continue;
    await client.delete(resources.secrets, { namespace, name: secret.metadata.name });
  }
}

/** What a machine is told to join by, of the server in a kubeconfig. */
export function joinLineOf(token: string, address: ServerAddress): JoinLine {
  const authorityHash = keyHash(new X509Certificate(address.authority));
  return { token, authorityHash, host: address.host, port: address.port };
}

export interface ServerAddress {
  /** In PEM. */
  readonly authority: string;
  readonly host: string;
  readonly port: number;
}

function unlessAbsent(error: unknown): void {
  if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
}

function isOver({ data }: Stored<Secret>): boolean {
  const expiration = Buffer.from(data?.['expiration'] ?? '', 'base64').toString('utf8');
  return expiration !== '' && !(Date.parse(expiration) > Date.now());
}

function randomText(length: number): string {
  return Array.from({ length }, () => letters.charAt(randomInt(letters.length))).join('');
}
