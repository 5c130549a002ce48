import { once } from 'node:events';
import { Agent, type IncomingMessage, request as startRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as startTlsRequest } from 'node:https';
import { connect, createServer as createTcp, type AddressInfo } from 'node:net';
import t from 'tap';
import { until } from '../../../until.ts';
import { ask, bodyOf, read } from './ask.ts';
import { backendHere, backendOf, ingress, proxyHere } from './proxy-here.ts';

const everything = (service: string) => ingress('web', [['', '/', 'Prefix', service]]);

void t.test('a request reaches its backend with what the proxy says of it', async (t) => {
  const { endpoint } = await backendHere(t, (request, reply) => {
    reply.setHeader('x-seen', JSON.stringify(request.headers));
    reply.setHeader('connection', 'x-hop');
    reply.setHeader('x-hop', 'here alone');
    reply.end(`${request.method} ${request.url}`);
  });
  const { http } = await proxyHere(t, [everything('web')], { endpoints: { web: [endpoint] } });
  const answer = await ask(http, {
    path: '/a/%2e%2e/b?c=d',
    headers: {
      'x-forwarded-for': '6.6.6.6',
      X_Forwarded_For: '6.6.6.6',
      forwarded: 'for=6.6.6.6',
      connection: 'x-secret, x-forwarded-for',
      'x-secret': 'mine',
      'x-kept': 'yes',
    },
  });
  t.equal(answer.code, 200);
  t.equal(answer.text, 'GET /a/%2e%2e/b?c=d', 'as the client wrote it');
  t.equal(answer.headers['x-hop'], undefined);
  const seen = JSON.parse(String(answer.headers['x-seen'])) as Record<string, string>;
  t.match(seen, {
    host: 'web.example',
    'x-forwarded-for': '127.0.0.1',
    'x-real-ip': '127.0.0.1',
    'x-forwarded-host': 'web.example',
    'x-forwarded-port': String(http),
    'x-forwarded-proto': 'http',
    'x-kept': 'yes',
  });
  t.match(seen['x-request-id'], /^[0-9a-f]{32}$/);
  for (const name of ['x_forwarded_for', 'forwarded', 'x-secret']) t.notOk(seen[name], name);
});

void t.test('who is not served is told as by others', async (t) => {
  const { endpoint } = await backendHere(t, (_, reply) => reply.end('web'));
  const gone = createTcp().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const closed = `127.0.0.1:${(gone.address() as AddressInfo).port}`;
  gone.close();
  const rules = [
    ingress('web', [['web.example', '/', 'Prefix', 'web']]),
    ingress('none', [['none.example', '/', 'Prefix', 'none']]),
    ingress('gone', [['gone.example', '/', 'Prefix', 'gone']]),
    ingress('small', [['small.example', '/', 'Prefix', 'web']], {
      metadata: { annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '8' } },
    }),
  ];
  const { http, watch } = await proxyHere(t, rules, {
    endpoints: { web: [endpoint], gone: [closed] },
  });
  t.match(await ask(http, { host: 'WEB.example.:80' }), { code: 200, text: 'web' });
  t.match(await ask(http, { host: 'other' }), { code: 404, text: 'default backend - 404' });
  t.match(await ask(http, { host: 'other', path: '/healthz' }), { code: 200, text: '' });
  t.match(await ask(http, { host: 'none.example' }), { code: 503 });
  t.match(await ask(http, { host: 'gone.example' }), { code: 502 });
  t.match(await ask(http, { method: 'TRACE' }), { code: 405 });
  t.match(await ask(http, { path: '/../up' }), { code: 400 });
  const long = { host: 'small.example', method: 'POST', body: 'more than eight' };
  t.match(await ask(http, long), { code: 413 });
  const chunked = { ...long, headers: { 'transfer-encoding': 'chunked' } };
  t.match(await ask(http, chunked), { code: 413 }, 'whether or not it says so before');
  const counted = /requests_total\{ingress="default\/web",code="200"\} 1/;
  t.match(
    await until(
      () => watch.registry.text(),
      (text) => counted.test(text),
    ),
    counted,
  );
});

void t.test('an endpoint that refuses is passed over, whatever the method', async (t) => {
  const { endpoint } = await backendHere(t, (request, reply) => {
    void bodyOf(request).then((text) => reply.end(`got ${text}`));
  });
  const gone = createTcp().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const closed = `127.0.0.1:${(gone.address() as AddressInfo).port}`;
  gone.close();
  const { http } = await proxyHere(t, [everything('web')], {
    endpoints: { web: [closed, endpoint] },
  });
  for (let count = 0; count < 5; count += 1) {
    const answer = await ask(http, { method: 'POST', body: 'a body' });
    t.match(answer, { code: 200, text: 'got a body' });
  }
});

void t.test('only what may be done twice is asked again of one that hangs up', async (t) => {
  let hangUps = 0;
  const rude = await backendHere(t, (request) => {
    hangUps += 1;
    request.socket.destroy();
  });
  const { endpoint } = await backendHere(t, (_, reply) => reply.end('web'));
  const { http } = await proxyHere(t, [everything('web')], {
    endpoints: { web: [rude.endpoint, endpoint] },
  });
  t.match(await ask(http), { code: 200, text: 'web' });
  t.match(await ask(http, { method: 'POST', body: 'once' }), { code: 502 });
  t.match(await ask(http, { method: 'POST' }), { code: 502 });
  t.equal(hangUps, 3);
});

void t.test('bodies go through as they come, both ways', async (t) => {
  const { endpoint } = await backendHere(t, (request, reply) => {
    reply.writeHead(200);
    request.pipe(reply);
  });
  const { http } = await proxyHere(t, [everything('web')], { endpoints: { web: [endpoint] } });
  const sent = startRequest({ host: '127.0.0.1', port: http, method: 'POST', agent: false });
  sent.write('one');
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const [first] = (await once(answer, 'data')) as [Buffer];
  t.equal(String(first), 'one', 'before the request has ended');
  let rest = 0;
  answer.on('data', (chunk: Buffer) => (rest += chunk.length));
  const block = Buffer.alloc(1024 * 1024);
  for (let count = 0; count < 32; count += 1) {
    if (!sent.write(block)) await once(sent, 'drain');
  }
  sent.end();
  await once(answer, 'end');
  t.equal(rest, 32 * block.length);
});

void t.test('a client that leaves takes its request with it', async (t) => {
  let ended = false;
  const { endpoint } = await backendHere(t, (request) => {
    request.socket.once('close', () => (ended = true));
  });
  const { http, watch } = await proxyHere(t, [everything('web')], {
    endpoints: { web: [endpoint] },
  });
  const sent = startRequest({ host: '127.0.0.1', port: http, agent: false });
  sent.on('error', () => undefined);
  sent.end();
  await until(
    () => watch.underWay,
    (count) => count === 1,
  );
  sent.destroy();
  t.ok(
    await until(
      () => ended,
      (is) => is,
    ),
  );
  t.equal(
    await until(
      () => watch.underWay,
      (count) => count === 0,
    ),
    0,
  );
});

void t.test('a connection is kept on both sides', async (t) => {
  const clients = new Set<number>();
  const { endpoint } = await backendHere(t, (request, reply) => {
    clients.add(request.socket.remotePort ?? 0);
    reply.end('web');
  });
  const { http } = await proxyHere(t, [everything('web')], { endpoints: { web: [endpoint] } });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const sockets = new Set<number>();
  for (let count = 0; count < 5; count += 1) {
    const sent = startRequest({ host: '127.0.0.1', port: http, agent });
    sent.end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    sockets.add(sent.socket?.localPort ?? 0);
    await read(answer);
  }
  t.equal(sockets.size, 1);
  t.equal(clients.size, 1);
  agent.destroy();
});

void t.test('a WebSocket goes through; a backend that refuses ends the connection', async (t) => {
  const { server, endpoint } = await backendHere(t, (_, reply) => reply.end('web'));
  server.on('upgrade', (request, socket) => {
    if (request.url === '/no') {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
      return;
    }
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    );
    socket.pipe(socket);
  });
  const { http, watch } = await proxyHere(t, [everything('web')], {
    endpoints: { web: [endpoint] },
  });
  const dialled = (path: string, more: string) => {
    const socket = connect(http, '127.0.0.1');
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: web.example\r\nConnection: Upgrade\r\n` +
        `Upgrade: websocket\r\n\r\n${more}`,
    );
    return socket;
  };
  const socket = dialled('/', 'first');
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += String(chunk)));
  await until(
    () => heard,
    (text) => /^HTTP\/1.1 101 [^]*\r\n\r\nfirst$/.test(text),
  );
  t.equal(watch.underWay, 1);
  socket.write('second');
  await until(
    () => heard,
    (text) => text.endsWith('firstsecond'),
  );
  socket.end();
  await until(
    () => watch.underWay,
    (count) => count === 0,
  );

  const refused = dialled('/no', 'GET /secret HTTP/1.1\r\nHost: other\r\n\r\n');
  let told = '';
  refused.on('data', (chunk: Buffer) => (told += String(chunk)));
  await once(refused, 'close');
  t.match(told, /^HTTP\/1.1 403 Forbidden\r\n[^]*\r\n\r\nno$/, 'and nothing after it');
});

void t.test('TLS: HTTP/1.1 and HTTP/2, by the default certificate', async (t) => {
  const { endpoint } = await backendHere(t, (request, reply) => {
    const { host, cookie } = request.headers;
    const proto = String(request.headers['x-forwarded-proto']);
    const { method } = request;
    void bodyOf(request).then((text) => reply.end(`${method} ${host} ${proto} ${cookie} ${text}`));
  });
  const rules = [
    ingress('web', [['web.example', '/', 'Prefix', 'web']], {
      spec: { tls: [{ hosts: ['web.example'], secretName: 'web' }] },
    }),
  ];
  const { http, https } = await proxyHere(t, rules, { endpoints: { web: [endpoint] } });
  t.match(
    await ask(http, { path: '/x?y' }),
    { code: 308, headers: { location: 'https://web.example/x?y' } },
    'plain requests are sent there',
  );
  const options = { host: '127.0.0.1', port: https, servername: 'web.example' };
  const sent = startTlsRequest({
    ...options,
    rejectUnauthorized: false,
    agent: false,
    headers: { host: 'web.example' },
  });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  t.equal((await read(answer)).text, 'GET web.example https undefined ');

  const session = connectHttp2(`https://127.0.0.1:${https}`, {
    rejectUnauthorized: false,
    servername: 'web.example',
  });
  const stream = session.request({
    ':path': '/',
    ':method': 'POST',
    ':authority': 'web.example',
    cookie: ['a=1', 'b=2'],
  });
  stream.end('a body');
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  t.equal(text, 'POST web.example https a=1; b=2 a body');
  session.close();
});

void t.test('a default backend has what no rule has', async (t) => {
  const { endpoint } = await backendHere(t, (_, reply) => reply.end('default'));
  const rules = [ingress('all', [], { spec: { defaultBackend: backendOf('web') } })];
  const { http } = await proxyHere(t, rules, { endpoints: { web: [endpoint] } });
  t.match(await ask(http, { host: 'any', path: '/where' }), { code: 200, text: 'default' });
});
