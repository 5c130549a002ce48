import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import t from 'tap';
import { WebSocket } from 'ws';
import { DomainError } from '../../../src/base/error.ts';
import { acceptForward } from '../../../src/stream/accept-forward.ts';
import { dialSpdy } from '../../../src/stream/dial-spdy.ts';
import type { SpdyConnection } from '../../../src/stream/spdy/connection.ts';
import type { SpdyStream } from '../../../src/stream/spdy/stream.ts';
import { serve, type TestServer } from './test-server.ts';

/** Where ports lead: 7 echoes, 13 speaks first and hangs up, 9 only listens, 19 breaks off. */
async function services(): Promise<AsyncDisposable & { port: number; open: Set<Socket> }> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
    socket.once('data', (first: Buffer) => {
      if (first[0] === 7) socket.write(first.subarray(1));
      if (first[0] === 7) socket.pipe(socket);
      else socket.once('end', () => socket.end());
      if (first[0] === 13) socket.end('the time');
      if (first[0] === 19) socket.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    open,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function dialer(real: number): (port: number) => Promise<Duplex> {
  return async (port) => {
    if (port === 1) throw new DomainError('unavailable', 'error forwarding port 1: refused');
    const socket = connect({ port: real, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    socket.write(Buffer.from([port]));
    return socket;
  };
}

function serveForward(real: number, ports: readonly number[] = []): Promise<TestServer> {
  return serve((upgrade) => acceptForward(upgrade, { ports, dial: dialer(real) }));
}

let requests = 0;

async function open(
  connection: SpdyConnection,
  port: number | string,
): Promise<{ data: SpdyStream; error: SpdyStream }> {
  const requestid = String(++requests);
  const stream = (streamtype: string): Promise<SpdyStream> =>
    connection.open(new Map(Object.entries({ streamtype, port: String(port), requestid })));
  const error = await stream('error');
  error.end();
  return { error, data: await stream('data') };
}

const protocols = ['portforward.k8s.io'];
const unavailable = { name: 'DomainError', kind: 'unavailable' };

t.test('connections are carried both ways, and each half ends alone', async (t) => {
  await using target = await services();
  await using server = await serveForward(target.port);
  const { connection, protocol } = await dialSpdy({ url: server.url, protocols });
  t.equal(protocol, 'portforward.k8s.io');
  const echo = await open(connection, 7);
  echo.data.write('hello');
  echo.data.end(' world');
  t.equal(await text(echo.data), 'hello world', 'the answer comes after our end');
  t.equal(await text(echo.error), '');
  const time = await open(connection, 13);
  t.equal(await text(time.data), 'the time', 'it ends while we could still write');
  connection.destroy();
});

t.test('many connections at once do not mix', async (t) => {
  await using target = await services();
  await using server = await serveForward(target.port);
  const { connection } = await dialSpdy({ url: server.url, protocols });
  await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const { data } = await open(connection, 7);
      data.end(Buffer.alloc(100_000, index));
      const heard = await buffer(data);
      t.ok(heard.equals(Buffer.alloc(100_000, index)), `${index}`);
    }),
  );
  connection.destroy();
});

t.test('a refused connection is told on the error stream and reset', async (t) => {
  await using target = await services();
  await using server = await serveForward(target.port);
  const { connection } = await dialSpdy({ url: server.url, protocols });
  const { data, error } = await open(connection, 1);
  data.resume();
  t.equal(await text(error), 'error forwarding port 1: refused');
  if (!data.destroyed) await once(data, 'close');
  t.match(data.errored, { kind: 'unavailable' });
  const { data: next } = await open(connection, 13);
  t.equal(await text(next), 'the time', 'the connection goes on');
  connection.destroy();
});

t.test('a connection that breaks off is told on the error stream', async (t) => {
  await using target = await services();
  await using server = await serveForward(target.port);
  const { connection } = await dialSpdy({ url: server.url, protocols });
  const { data, error } = await open(connection, 19);
  data.resume();
  t.match(await text(error), /ECONNRESET/);
  connection.destroy();
});

t.test('a client that resets a stream when it has heard all is told of no failure', async (t) => {
  await using target = await services();
  await using server = await serveForward(target.port);
  const { connection } = await dialSpdy({ url: server.url, protocols });
  for (let round = 0; round < 3; round++) {
    const { data, error } = await open(connection, 13);
    t.equal(await text(data), 'the time');
    data.destroy();
    t.equal(await text(error), '');
  }
  connection.destroy();
});

t.test("the error stream ends with the pod's last byte, before the client's half", async (t) => {
  await using target = await services();
  await using server = await serveForward(target.port);
  const { connection } = await dialSpdy({ url: server.url, protocols });
  const { data, error } = await open(connection, 13);
  t.equal(await text(data), 'the time');
  t.equal(await text(error), '');
  t.notOk(data.writableEnded);
  data.end();
  connection.destroy();
});

t.test('ports that are none, and halves without or with two others, are refused', async (t) => {
  await using target = await services();
  await using server = await serveForward(target.port);
  const { connection } = await dialSpdy({ url: server.url, protocols });
  for (const port of ['', '0', '65536', '-1', '1e3', 'http', '080000']) {
    await t.rejects(open(connection, port), unavailable, port);
  }
  const half = (streamtype: string): Promise<SpdyStream> =>
    connection.open(new Map(Object.entries({ streamtype, port: '7', requestid: 'same' })));
  await half('error');
  await t.rejects(half('error'), unavailable);
  await t.rejects(half('other'), unavailable);
  connection.destroy();
});

t.test('clients without request ids are understood by the order of their streams', async (t) => {
  await using target = await services();
  await using server = await serveForward(target.port);
  const { connection } = await dialSpdy({ url: server.url, protocols });
  for (let round = 0; round < 3; round++) {
    await connection.open(new Map(Object.entries({ streamtype: 'error', port: '7' })));
    const data = await connection.open(new Map(Object.entries({ streamtype: 'data', port: '7' })));
    data.end(`round ${round}`);
    t.equal(await text(data), `round ${round}`);
  }
  connection.destroy();
});

t.test('with the client its connections into the pod are gone', async (t) => {
  await using target = await services();
  await using server = await serveForward(target.port);
  const { connection } = await dialSpdy({ url: server.url, protocols });
  await Promise.all(Array.from({ length: 20 }, async () => open(connection, 9)));
  for (let wait = 0; target.open.size < 20 && wait < 1000; wait++) await tick();
  t.equal(target.open.size, 20);
  connection.destroy();
  for (let wait = 0; target.open.size > 0 && wait < 1000; wait++) await tick();
  t.equal(target.open.size, 0);
});

t.test('channels of a WebSocket carry one connection a port', async (t) => {
  await using target = await services();
  await using server = await serveForward(target.port, [7, 1]);
  const socket = new WebSocket(server.url.replace('http', 'ws'), ['v4.channel.k8s.io']);
  const channels = new Map<number, Buffer>();
  socket.on('message', (data: Buffer) => {
    const channel = data[0] ?? 255;
    const before = channels.get(channel) ?? Buffer.alloc(0);
    channels.set(channel, Buffer.concat([before, data.subarray(1)]));
  });
  await once(socket, 'open');
  socket.send(Buffer.concat([Buffer.from([0]), Buffer.from('hello')]));
  const expected = ['\x07\0hello', '\x07\0', '\x01\0', '\x01\0error forwarding port 1: refused'];
  const heard = (): string[] => [0, 1, 2, 3].map((channel) => String(channels.get(channel)));
  for (let wait = 0; wait < 1000 && heard().join() !== expected.join(); wait++) await tick();
  t.same(heard(), expected);
  socket.terminate();
});

t.test('channels need ports, and protocols must be known', async (t) => {
  await using target = await services();
  await using server = await serveForward(target.port);
  const refused = async (protocol: string): Promise<string> => {
    const socket = new WebSocket(server.url.replace('http', 'ws'), [protocol]);
    const [error] = (await once(socket, 'error')) as [Error];
    return error.message;
  };
  t.match(await refused('v4.channel.k8s.io'), /400/);
  t.match(await refused('v9.channel.k8s.io'), /403/);
  await t.rejects(dialSpdy({ url: server.url, protocols: ['other'] }), { message: /403/ });
});

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
