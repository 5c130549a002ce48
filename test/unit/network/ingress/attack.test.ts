import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { until } from '../../../until.ts';
import { backendHere, ingress, proxyHere } from './proxy-here.ts';

/** Sends bytes as they are, and gives all that comes until the other end closes. */
async function send(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(bytes, 'latin1');
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
  await once(socket, 'close');
  return heard;
}

const rules = [
  ingress('web', [
    ['web', '/', 'Prefix', 'web'],
    ['other', '/', 'Prefix', 'other'],
  ]),
];

void t.test('no request hides in another one', async (t) => {
  const seen: string[] = [];
  const { endpoint } = await backendHere(t, (request, reply) => {
    seen.push(`${request.method} ${request.url}`);
    request.resume();
    request.on('end', () => reply.end('web'));
  });
  const { http } = await proxyHere(t, rules, { endpoints: { web: [endpoint] } });
  const hidden = 'GET /hidden HTTP/1.1\r\nHost: web\r\n\r\n';
  const head = 'POST / HTTP/1.1\r\nHost: web\r\n';
  const chunked = 'Transfer-Encoding: chunked\r\n\r\n';
  const attacks: Readonly<Record<string, string>> = {
    'a length and chunks': `${head}Content-Length: 4\r\n${chunked}0\r\n\r\n`,
    'two lengths': `${head}Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n\r\n`,
    'a list of lengths': `${head}Content-Length: 0, ${hidden.length}\r\n\r\n`,
    'a signed length': `${head}Content-Length: +${hidden.length}\r\n\r\n`,
    'an unknown encoding': `${head}Transfer-Encoding: xchunked\r\n\r\n`,
    'chunked, but not at last': `${head}Transfer-Encoding: chunked, identity\r\n\r\n`,
    'a blank before the colon': `${head}Transfer-Encoding : chunked\r\n\r\n`,
    'a folded header': `${head}X-One: 1\r\n Transfer-Encoding: chunked\r\n\r\n`,
    'a bare line feed': `GET / HTTP/1.1\nHost: web\nContent-Length: 0\n\n`,
    'a bare carriage return': `${head}X-One: 1\rTransfer-Encoding: chunked\r\n\r\n`,
    'a byte zero': `${head}X-One: \0\r\n\r\n`,
    'a chunk without its size': `${head}Transfer-Encoding: chunked\r\n\r\n\r\n`,
    'a chunk of a huge size': `${head}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`,
    'two hosts': 'GET / HTTP/1.1\r\nHost: web\r\nHost: other\r\n\r\n',
    'no host': 'GET / HTTP/1.1\r\n\r\n',
    'no such version': 'GET / HTTP/3.0\r\nHost: web\r\n\r\n',
    'a head without end': `GET / HTTP/1.1\r\nHost: web\r\nX-One: ${'x'.repeat(32_768)}\r\n\r\n`,
  };
  for (const [name, bytes] of Object.entries(attacks)) {
    const heard = await send(http, `${bytes}${hidden}`);
    t.match(heard, /^HTTP\/1\.1 4(00|31) /, name);
    t.equal(heard.match(/HTTP\/1\.1 /g)?.length, 1, `${name}: nothing after it`);
  }
  t.notOk(seen.includes('GET /hidden'), 'what hid was never asked');
});

void t.test('no upgrade leads past the rules', async (t) => {
  const seen: string[] = [];
  const { server, endpoint } = await backendHere(t, (request, reply) => {
    seen.push(`${request.url} ${String(request.headers.upgrade)}`);
    reply.end('web');
  });
  server.on('upgrade', (_, socket) => socket.destroy());
  const { http } = await proxyHere(t, rules, { endpoints: { web: [endpoint] } });
  const heard = await send(
    http,
    'GET /h2c HTTP/1.1\r\nHost: web\r\nConnection: Upgrade, HTTP2-Settings, close\r\n' +
      'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
  );
  t.match(heard, /^HTTP\/1\.1 200 /);
  t.same(seen, ['/h2c undefined'], 'as any other request');
  t.match(await send(http, 'CONNECT web:80 HTTP/1.1\r\nHost: web\r\n\r\n'), /^$|^HTTP\/1\.1 4/);
  const nobody = 'GET / HTTP/1.1\r\nHost: nobody\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  t.match(await send(http, `${nobody}\r\n`), /^HTTP\/1\.1 404 /);
});

void t.test('who dribbles a head is sent away, and others are served meanwhile', async (t) => {
  const { endpoint } = await backendHere(t, (_, reply) => reply.end('web'));
  const { http, server } = await proxyHere(t, rules, {
    endpoints: { web: [endpoint] },
    headMs: 500,
  });
  const slow = Array.from({ length: 50 }, () => {
    const socket = connect(http, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHost: web\r\nX-Slow: ');
    return socket;
  });
  const dribble = setInterval(() => {
    for (const socket of slow) if (!socket.destroyed) socket.write('x');
  }, 50);
  t.teardown(() => clearInterval(dribble));
  const request = 'GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n';
  t.match(await send(http, request), /^HTTP\/1\.1 200 /);
  await until(() => slow.every(({ closed }) => closed));
  t.equal(
    await until(
      () => server.connections,
      (count) => count === 0,
    ),
    0,
  );
});

void t.test('an answer that breaks off is not one that ends', async (t) => {
  const { endpoint } = await backendHere(t, (_, reply) => {
    reply.writeHead(200, { 'Content-Length': '100' });
    reply.write('half', () => reply.destroy());
  });
  const { http } = await proxyHere(t, rules, { endpoints: { web: [endpoint] } });
  const heard = await send(http, 'GET / HTTP/1.1\r\nHost: web\r\n\r\n');
  t.match(heard, /content-length: 100\r\n[^]*half$/i, 'the client sees that there is less');
});
