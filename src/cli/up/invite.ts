import { HttpClient } from '../../api/client/http-client.ts';
import { readKubeconfig } from '../../api/client/kubeconfig.ts';
import { createToken, joinLineOf, removeOldTokens } from './bootstrap-token.ts';
import { formatJoinLine } from './join-line.ts';

export interface Invitation {
  readonly token: string;
  /** PEM. */
  readonly authority: string;
  /** `TOKEN:sha256:HASH@HOST:PORT` */
  readonly line: string;
}

export interface Wish {
  /** How the machines will reach the API. */
  readonly host: string;
  readonly lifetimeMs: number;
  /** Undefined for a random one. */
  readonly token: string | undefined;
}

/** A token for machines that join the cluster of a kubeconfig at `host`, good for so long. */
export async function invite(
  kubeconfig: string,
  { host, lifetimeMs, token: wish }: Wish,
): Promise<Invitation> {
  const address = await readKubeconfig(kubeconfig);
  await using client = new HttpClient(address, 'keelson-token');
  await removeOldTokens(client);
  const token = await createToken(client, { lifetimeMs, token: wish });
  const authority = address.authority ?? '';
  const port = Number(new URL(address.server).port || '443');
  return { token, authority, line: formatJoinLine(joinLineOf(token, { authority, host, port })) };
}
