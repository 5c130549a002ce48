import { createServer } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import t from 'tap';
import { probeGrpc } from '../../../src/kubelet/probe/probe-grpc.ts';
import { probeHttp } from '../../../src/kubelet/probe/probe-http.ts';
import { firstState, nextState } from '../../../src/kubelet/probe/probe-state.ts';
import { probeTcp } from '../../../src/kubelet/probe/probe-tcp.ts';

const host = '127.0.0.1';
/** A port that nobody listens on. */
const closed = 1;

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

t.test('thresholds decide, not single answers', async (t) => {
  const probe = { failureThreshold: 3, successThreshold: 2 };
  let state = firstState('readiness');
  const after = (...answers: boolean[]) => {
    for (const ok of answers) state = nextState(state, ok, probe);
    return state.verdict;
  };
  t.equal(state.verdict, 'failure');
  t.equal(after(true), 'failure');
  t.equal(after(true), 'success');
  t.equal(after(false, false), 'success');
  t.equal(after(true, false, false), 'success');
  t.equal(after(false), 'failure');
  t.equal(firstState('liveness').verdict, 'success');
  t.equal(firstState('startup').verdict, 'unknown');
});

t.test('HTTP: status codes, redirects, silence', async (t) => {
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path === '/moved') response.writeHead(302, { location: '/200' });
    else if (path === '/away') response.writeHead(302, { location: 'http://other.invalid/' });
    else if (path === '/loop') response.writeHead(302, { location: '/loop' });
    else if (path === '/agent')
      response.writeHead(request.headers['user-agent'] === 'x' ? 200 : 500);
    else if (path === '/endless') {
      response.write('x'.repeat(20_000));
      return;
    } else if (path === '/silent') return;
    else response.writeHead(Number(path.slice(1)));
    response.end('words');
  });
  const port = await listening(server);
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => server.close());
  const ask = (path: string, headers: readonly (readonly [string, string])[] = []) =>
    probeHttp({ scheme: 'HTTP', host, port, path, headers }, path === '/silent' ? 100 : 20_000);
  t.same(await ask('/200'), { ok: true, output: 'words' });
  t.match(await ask('/399'), { ok: true });
  t.same(await ask('/400'), { ok: false, output: 'HTTP probe failed with statuscode: 400' });
  t.match(await ask('/moved'), { ok: true });
  t.match(await ask('/away'), { ok: true, output: /^Probe terminated redirects/ });
  t.match(await ask('/loop'), { ok: false, output: 'stopped after 10 redirects' });
  t.match(await ask('/agent', [['User-Agent', 'x']]), { ok: true });
  t.match(await ask('/endless'), { ok: true }, 'a body without an end is not waited for');
  t.match(await ask('/silent'), { ok: false, output: /context deadline exceeded/ });
  const refused = await probeHttp(
    { scheme: 'HTTP', host, port: closed, path: '/', headers: [] },
    9e3,
  );
  t.match(refused, {
    ok: false,
    output: `Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused`,
  });
});

t.test('TCP: who accepts is well', async (t) => {
  const server = createTcp((socket) => socket.on('error', () => undefined));
  const port = await listening(server);
  t.teardown(() => server.close());
  t.same(await probeTcp(host, port, 20_000), { ok: true, output: '' });
  t.match(await probeTcp(host, closed, 20_000), { ok: false, output: /connection refused/ });
});

t.test('gRPC: the health service answers', async (t) => {
  let answer = Buffer.from([0, 0, 0, 0, 2, 8, 1]);
  const server = createHttp2();
  server.on('stream', (stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(answer);
  });
  const port = await listening(server);
  t.teardown(() => server.close());
  t.match(await probeGrpc({ host, port, service: '' }, 20_000), { ok: true });
  answer = Buffer.from([0, 0, 0, 0, 2, 8, 2]);
  t.match(await probeGrpc({ host, port, service: '' }, 20_000), {
    ok: false,
    output: 'service unhealthy (responded with "NOT_SERVING")',
  });
  answer = Buffer.from([0, 0, 0, 0, 9, 255, 255, 255]);
  t.match(await probeGrpc({ host, port, service: '' }, 20_000), { ok: false });
  t.match(await probeGrpc({ host, port: closed, service: '' }, 20_000), { ok: false });
});
