import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import type { Ingress } from '../../../../src/api/types/generated/networking-v1.ts';
import { openLog } from '../../../../src/base/log.ts';
import { Certificates } from '../../../../src/network/ingress/certificates.ts';
import { ProxyServer } from '../../../../src/network/ingress/proxy-server.ts';
import { ProxyWatch } from '../../../../src/network/ingress/proxy-watch.ts';
import { Proxy } from '../../../../src/network/ingress/proxy.ts';
import { routingTable } from '../../../../src/network/ingress/routing-table.ts';

export interface ProxyHere {
  readonly proxy: Proxy;
  readonly watch: ProxyWatch;
  readonly certificates: Certificates;
  readonly http: number;
  readonly https: number;
  readonly server: ProxyServer;
}

export interface ProxyWorld {
  /** By the name of a Service, where it is. */
  readonly endpoints: Readonly<Record<string, readonly string[]>>;
  readonly headMs?: number;
}

/** A proxy on ports of the loopback. */
export async function proxyHere(
  t: Test,
  ingresses: readonly Ingress[],
  { endpoints, headMs }: ProxyWorld,
): Promise<ProxyHere> {
  const log = openLog('ingress');
  const watch = new ProxyWatch();
  const source = { endpointsOf: ({ service }: { service: string }) => endpoints[service] ?? [] };
  const proxy = new Proxy(routingTable(ingresses), { endpoints: source, watch });
  const certificates = new Certificates(log);
  const loopback = { port: 0, host: '127.0.0.1' };
  const ports = { http: loopback, https: loopback };
  const patience = headMs === undefined ? {} : { headMs };
  const server = new ProxyServer({ proxy, certificates, log, ...ports, ...patience });
  await server.listen();
  t.teardown(async () => {
    await server.close(0);
    await proxy[Symbol.asyncDispose]();
  });
  return { proxy, watch, certificates, server, ...server.ports };
}

/** A server on the loopback, and where it is. */
export async function backendHere(
  t: Test,
  listener: RequestListener,
): Promise<{ readonly server: Server; readonly endpoint: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** An Ingress with one rule for each host: path, type of path, Service. */
export function ingress(
  name: string,
  rules: readonly (readonly [host: string, path: string, type: string, service: string])[],
  more: {
    readonly metadata?: Partial<Ingress['metadata']>;
    readonly spec?: Ingress['spec'];
  } = {},
): Ingress {
  const created = { namespace: 'default', name, creationTimestamp: '2026-01-01T00:00:00Z' };
  return {
    metadata: { ...created, ...more.metadata },
    spec: {
      ...more.spec,
      ...(rules.length > 0 && {
        rules: rules.map(([host, path, pathType, service]) => ({
          ...(host !== '' && { host }),
          http: { paths: [{ path, pathType, backend: backendOf(service) }] },
        })),
      }),
    },
  };
}

export function backendOf(service: string): {
  service: { name: string; port: { number: number } };
} {
  return { service: { name: service, port: { number: 80 } } };
}
