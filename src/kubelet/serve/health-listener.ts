import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { limits } from '../../base/limits.ts';
import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import { health } from './pages.ts';
import { Refusal } from './refusal.ts';
import type { ServeKubeletOptions } from './serve-options.ts';

export interface HealthListener extends AsyncDisposable {
  readonly port: number;
}

/** `/healthz` without TLS and for everybody who can reach it: this host, by default. */
export async function openHealthListener(
  { healthzPort: port, healthzBindAddress: host }: KubeletConfiguration,
  options: Pick<ServeKubeletOptions, 'ailments'>,
): Promise<HealthListener> {
  const server = createServer(
    { headersTimeout: limits.monitorRequestMs, keepAliveTimeout: limits.monitorIdleMs },
    (request, response) => {
      try {
        const path = (request.url ?? '').split('?', 1)[0];
        if (path !== '/healthz') throw new Refusal(404, '404 page not found');
        const { type, text } = health(options);
        response.writeHead(200, { 'Content-Type': type }).end(text);
      } catch (error) {
        const code = error instanceof Refusal ? error.code : 500;
        response
          .writeHead(code, { 'Content-Type': 'text/plain' })
          .end(String(Object(error).message));
      }
    },
  );
  server.maxConnections = limits.monitorConnections;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen({ host, port }, resolve);
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}
