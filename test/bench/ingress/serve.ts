/** The proxy in a process of its own: `serve.ts PORT ENDPOINT`. Ends with its input. */
import { openLog } from '../../../src/base/log.ts';
import { Certificates } from '../../../src/network/ingress/certificates.ts';
import { ProxyServer } from '../../../src/network/ingress/proxy-server.ts';
import { ProxyWatch } from '../../../src/network/ingress/proxy-watch.ts';
import { Proxy } from '../../../src/network/ingress/proxy.ts';
import { routingTable } from '../../../src/network/ingress/routing-table.ts';

const [port = '', endpoint = ''] = process.argv.slice(2);
const log = openLog('ingress');
const backend = { service: { name: 'web', port: { number: 80 } } };
const rule = { http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } };
const table = routingTable([
  { metadata: { namespace: 'default', name: 'web' }, spec: { rules: [rule] } },
]);
const endpoints = { endpointsOf: () => [endpoint] };
const proxy = new Proxy(table, { endpoints, watch: new ProxyWatch() });
const server = new ProxyServer({
  proxy,
  certificates: new Certificates(log),
  log,
  http: { port: Number(port), host: '127.0.0.1' },
});
await server.listen();
process.stdout.write('ready\n');
process.stdin.resume().on('end', () => process.exit(0));
