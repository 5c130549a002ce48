import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request, type RequestOptions } from 'node:https';
import { text as textOfStream } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type ClusterNetwork, clusterNetworkPath } from '../../api/cluster-network.ts';
import { readKubeconfig } from '../../api/client/kubeconfig.ts';
import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { commandOf } from './part.ts';
import type { Invitation } from './invite.ts';

const pollMs = 250;

/**
 * A token for machines that join. By a process of its own: the API's client knows all kinds and
 * takes 40 MB, which this one would keep for as long as the node runs.
 */
export async function askForInvitation(kubeconfig: string, host: string): Promise<Invitation> {
  const words = ['--kubeconfig', kubeconfig, '--host', host, '--output', 'json'];
  const [program = '', ...args] = commandOf('token', words);
  const options = { timeout: limits.clientAnswerMs };
  const { stdout } = await promisify(execFile)(program, args, options);
  return JSON.parse(stdout) as Invitation;
}

/** Resolves when the node says that it is ready, true; false when `signal` is aborted before. */
export async function nodeReady(
  kubeconfig: string,
  { node, signal }: { readonly node: string; readonly signal: AbortSignal },
): Promise<boolean> {
  while (!signal.aborted) {
    if (await isReady(kubeconfig, node).catch(() => false)) return true;
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/**
 * What the cluster says of its network to a machine that joins. Throws DomainError `unavailable`
 * where it says nothing.
 */
export async function askForNetwork(asked: {
  readonly server: string;
  readonly authority: string;
  readonly token: string;
}): Promise<ClusterNetwork> {
  const { server, authority, token } = asked;
  const answer = await ask(`${server}${clusterNetworkPath}`, {
    ca: authority,
    headers: { authorization: `Bearer ${token}` },
  });
  const { podCidr, serviceCidr, clusterDns, code } = answer as Partial<ClusterNetwork & Refusal>;
  if (code === 401 || code === 403) {
    throw new DomainError(
      'denied',
      `The cluster at "${server}" does not take this token: it has ended (after a day), or was ` +
        "never the cluster's; `keelson token` on a node of the coordinator prints another line",
    );
  }
  if (podCidr !== undefined && serviceCidr !== undefined && clusterDns !== undefined) {
    return { podCidr, serviceCidr, clusterDns };
  }
  const words = JSON.stringify(answer).slice(0, 200);
  throw new DomainError('unavailable', `"${server}" tells nothing of its network: ${words}`);
}

/** A Status, where there is no answer. */
interface Refusal {
  readonly code: number;
}

interface NodeObject {
  readonly status?: { readonly conditions?: readonly { type: string; status: string }[] };
}

/**
 * Has the node that the coordinator runs on shown as `control-plane`. No kubelet may say that of
 * itself.
 */
export async function showRole(kubeconfig: string, node: string): Promise<void> {
  const { url, secrets } = await nodeOf(kubeconfig, node);
  const headers = { 'content-type': 'application/merge-patch+json' };
  const labels = { 'node-role.kubernetes.io/control-plane': '' };
  const body = JSON.stringify({ metadata: { labels } });
  await ask(url, { method: 'PATCH', headers, ...secrets }, body);
}

async function nodeOf(kubeconfig: string, node: string) {
  const { server, authority, certificate, key } = await readKubeconfig(kubeconfig);
  const secrets = {
    ...(authority !== undefined && { ca: authority }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
  };
  return { url: `${server}/api/v1/nodes/${node}`, secrets };
}

async function isReady(kubeconfig: string, node: string): Promise<boolean> {
  const { url, secrets } = await nodeOf(kubeconfig, node);
  const { status } = (await ask(url, secrets)) as NodeObject;
  const conditions = status?.conditions ?? [];
  return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

async function ask(url: string, secrets: RequestOptions, body = ''): Promise<unknown> {
  const options: RequestOptions = {
    agent: false,
    timeout: limits.clientDialMs,
    signal: AbortSignal.timeout(limits.clientDialMs),
    ...secrets,
  };
  const sent = request(url, options).end(body);
  const [answer] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
  return JSON.parse(await textOfStream(answer));
}
