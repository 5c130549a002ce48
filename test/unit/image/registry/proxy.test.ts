import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import t from 'tap';
import { proxyFor } from '../../../../src/image/registry/proxy.ts';
import { openTransport } from '../../../../src/image/registry/transport.ts';
import { testSettings } from './open-test-session.ts';

t.test('the proxy is the one of the protocol, unless the host is excluded', (t) => {
  const environment = {
    HTTPS_PROXY: 'http://secure.example:3128',
    http_proxy: 'plain.example:3128',
    NO_PROXY: 'own.example, .inner.example,*.star.example 10.0.0.1,port.example:5000',
  };
  const proxy = (url: string): string | undefined => proxyFor(new URL(url), environment);
  t.equal(proxy('https://registry.example/v2/'), 'http://secure.example:3128');
  t.equal(proxy('http://registry.example/v2/'), 'http://plain.example:3128');
  const excluded = [
    'own.example',
    'a.own.example',
    'x.inner.example',
    'a.star.example',
    '10.0.0.1',
  ];
  for (const host of excluded) t.equal(proxy(`https://${host}/`), undefined, host);
  t.equal(proxy('https://port.example:5000/'), undefined);
  t.not(proxy('https://port.example:5001/'), undefined);
  t.not(proxy('https://notown.example/'), undefined);
  for (const host of ['localhost:5000', '127.0.0.1', '[::1]:80']) {
    t.equal(proxy(`https://${host}/`), undefined, host);
  }
  t.equal(proxyFor(new URL('https://x.example/'), {}), undefined);
  t.equal(proxyFor(new URL('https://x.example/'), { ...environment, NO_PROXY: '*' }), undefined);
  t.end();
});

t.test('a registry is asked through the proxy', async (t) => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.end('from the proxy');
  });
  server.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url}`);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.once('data', () => {
      const body = 'through the tunnel';
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env['http_proxy'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const transport = openTransport(() => testSettings);
  t.teardown(async () => {
    delete process.env['http_proxy'];
    await transport.close();
    server.closeAllConnections();
    server.close();
  });
  const url = new URL('http://registry.invalid/v2/');
  const response = await transport.send({ method: 'GET', url, dialTimeoutMs: 2000 });
  t.match(await response.body.text(), /proxy|tunnel/);
  t.match(seen[0], /registry\.invalid/);
});
