import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { HttpClient } from '../api/client/http-client.ts';
import type { ApiAddress } from '../api/client/connection.ts';
import { openLog } from '../base/log.ts';
import type { Listening } from '../network/ingress/proxy-server.ts';
import { runProxy } from '../network/ingress/run-proxy.ts';
import { endSignal } from './end-signal.ts';
import { kubeconfigChange, waitForKubeconfig } from './follow-kubeconfig.ts';
import { keepSmall } from './keep-small.ts';
import type { NetworkConfig } from './network-config.ts';
import { notifyReady } from './notify-ready.ts';
import { lockRuntime } from './runtime-lock.ts';

/** Sockets that the agent has opened. Whoever gives one has the process end when it is idle. */
export interface IngressSockets {
  readonly httpFd: string | undefined;
  readonly httpsFd: string | undefined;
}

/** Is the node's Ingress proxy until SIGTERM or SIGINT, or, on given sockets, until it is idle. */
export async function runIngress(config: NetworkConfig, sockets: IngressSockets): Promise<void> {
  process.env['KEELSON_LOG'] ??= config.logLevel;
  process.umask(0o077);
  const log = openLog('ingress');
  const ended = new AbortController();
  const signal = AbortSignal.any([endSignal(), ended.signal]);
  keepSmall(signal);
  await mkdir(config.run, { recursive: true, mode: 0o700 });
  using _lock = lockRuntime(config.run, 'ingress');
  const address = await waitForKubeconfig(config.kubeconfig, log, signal);
  if (address === undefined) return;
  await using client = new HttpClient(address, 'keelson-ingress');
  const renewing = renew(client, { path: config.kubeconfig, address }, signal);
  const given = (sockets.httpFd ?? sockets.httpsFd) !== undefined;
  await runProxy({
    client,
    nodeName: config.nodeName === '' ? hostname().toLowerCase() : config.nodeName,
    log,
    signal,
    ...listening(config, sockets, given),
    logsRequests: config.ingressLog === 'yes',
    metrics: config.ingressMetrics,
    endsWhenIdle: given,
    ready: notifyReady,
  });
  ended.abort();
  await renewing;
}

function listening(
  { ingressHttp, ingressHttps }: NetworkConfig,
  { httpFd, httpsFd }: IngressSockets,
  given: boolean,
): { readonly http?: Listening; readonly https?: Listening } {
  if (!given) return { http: { port: Number(ingressHttp) }, https: { port: Number(ingressHttps) } };
  return {
    ...(httpFd !== undefined && { http: { fd: Number(httpFd) } }),
    ...(httpsFd !== undefined && { https: { fd: Number(httpsFd) } }),
  };
}

/** The kubelet's certificate is renewed from time to time. */
async function renew(
  client: HttpClient,
  known: { readonly path: string; readonly address: ApiAddress },
  signal: AbortSignal,
): Promise<void> {
  let { address } = known;
  while (!signal.aborted) {
    await kubeconfigChange(known.path, address, signal);
    const next = await waitForKubeconfig(known.path, openLog('ingress'), signal);
    if (next === undefined) return;
    address = next;
    client.renew(next);
  }
}
