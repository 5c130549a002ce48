import { createServer } from 'node:http';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import type { MetricRegistry } from '../../base/metric-registry.ts';

/** `/metrics` at an address and a port, until it is disposed of; nowhere where it is empty. */
export function serveMetrics(address: string, registry: MetricRegistry, log: Logger): Disposable {
  const server = createServer({ requestTimeout: limits.monitorRequestMs }, (request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
    void registry.text().then((text) => response.end(text));
  });
  server.maxConnections = limits.monitorConnections;
  server.keepAliveTimeout = limits.monitorIdleMs;
  server.on('error', (error) => log.warn({ err: error }, `No metrics at ${address}`));
  if (address !== '') {
    const { hostname, port } = new URL(`http://${address}`);
    server.listen(Number(port), hostname.replace(/^\[|\]$/g, ''));
  }
  return {
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
