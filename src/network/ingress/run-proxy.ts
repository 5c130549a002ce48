import type { ApiClient } from '../../api/client/client.ts';
import { aborted } from '../../base/aborted.ts';
import { systemClock } from '../../base/clock.ts';
import { ingressLimits } from '../../base/ingress-limits.ts';
import type { Logger } from '../../base/log.ts';
import { Wakeup } from '../../base/wakeup.ts';
import { isServed } from '../../api/ingress-class.ts';
import {
  type ClusterObjects,
  followClusterObjects,
  openClusterObjects,
} from '../cluster-objects.ts';
import { Certificates } from './certificates.ts';
import { ClusterEndpoints } from './cluster-endpoints.ts';
import { SecretFollower } from './follow-secrets.ts';
import { type Listening, ProxyServer } from './proxy-server.ts';
import { ProxyWatch } from './proxy-watch.ts';
import { Proxy } from './proxy.ts';
import { serveMetrics } from './serve-metrics.ts';
import { routingTable } from './routing-table.ts';

export interface RunProxyOptions {
  readonly client: ApiClient;
  readonly nodeName: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly http?: Listening;
  readonly https?: Listening;
  /** Each request is told to the log. */
  readonly logsRequests: boolean;
  /** `127.0.0.1:10254`; empty for nowhere. */
  readonly metrics: string;
  /** Ends when it is idle for a while: whoever has the sockets starts it again. */
  readonly endsWhenIdle: boolean;
  readonly ready: () => void;
}

/** Changes that come together are taken together. */
const settleMs = 20;
const idleLookMs = 5000;

/**
 * Is the Ingress proxy of a node until the signal is aborted: answers only once the rules are
 * known, so that nobody is told 404 of what is there; until then clients wait.
 */
export async function runProxy(options: RunProxyOptions): Promise<void> {
  const { client, log, signal } = options;
  const objects = openClusterObjects({ client, clock: systemClock, log });
  const following = followClusterObjects(objects, signal);
  const { services, endpointSlices, ingresses, ingressClasses } = objects;
  const known = [services, endpointSlices, ingresses, ingressClasses].map(({ synced }) => synced);
  await Promise.race([Promise.all(known), aborted(signal)]);
  if (signal.aborted) return await following;

  const watch = new ProxyWatch(options.logsRequests ? log : undefined);
  const endpoints = new ClusterEndpoints(objects, options.nodeName, (inUse) => {
    proxy.pools.retain(inUse);
  });
  const certificates = new Certificates(log);
  await using proxy = new Proxy(routingTable([]), { endpoints, watch });
  const secrets = new SecretFollower({
    client,
    log,
    signal,
    changed: (secret, data) => certificates.set(secret, data),
  });
  const use = (): void => {
    const served = servedOf(objects);
    proxy.table = routingTable(served);
    secrets.want(certificates.use(served));
    endpoints.retain(proxy.table.services);
  };
  use();
  const changes = new Wakeup();
  ingresses.onChange(() => changes.wake());
  ingressClasses.onChange(() => changes.wake());
  const { http, https } = options;
  const server = new ProxyServer({
    proxy,
    certificates,
    log,
    ...(http !== undefined && { http }),
    ...(https !== undefined && { https }),
  });
  await server.listen();
  using _metrics = serveMetrics(options.metrics, watch.registry, log);
  log.info({ ...server.ports }, 'Ingresses are served');
  options.ready();
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  either.addEventListener('abort', () => changes.wake(), { once: true });
  const idle = options.endsWhenIdle
    ? untilIdle(() => servedOf(objects).length + server.connections === 0, either)
    : aborted(either);
  void idle.then(() => ended.abort());
  while (!either.aborted) {
    await changes.wait();
    await new Promise((resolve) => {
      setTimeout(resolve, settleMs);
    });
    use();
  }
  log.info('stopping');
  await server.close(ingressLimits.drainMs);
}

function servedOf({ ingresses, ingressClasses }: ClusterObjects) {
  const classes = ingressClasses.list();
  return ingresses.list().filter((ingress) => isServed(ingress, classes));
}

async function untilIdle(isIdle: () => boolean, signal: AbortSignal): Promise<void> {
  let since = performance.now();
  while (!signal.aborted && performance.now() - since < ingressLimits.spareMs) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, idleLookMs);
      signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
    if (!isIdle()) since = performance.now();
  }
}
