import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import t from 'tap';
import { isKernelError } from '../../../src/base/error.ts';
import { TcpExchange, type TcpTarget } from '../../../src/kernel/tcp-exchange.ts';

async function listening(server: Server, address: string): Promise<number> {
  server.listen(0, address);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** What one exchange came to. */
function ask(address: string, port: number, request: Uint8Array) {
  return askOf({ address, port, request });
}

function askOf(target: TcpTarget) {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  let sent = false;
  let text = '';
  const exchange = new TcpExchange(target, {
    onSent: () => (sent = true),
    onData: (data) => (text += data.toString('latin1')),
    onEnd: (error) => resolve({ exchange, sent, text, error }),
  });
  return promise;
}

interface Answer {
  readonly exchange: TcpExchange;
  readonly sent: boolean;
  readonly text: string;
  readonly error: unknown;
}

const local = { address: '127.0.0.1', request: Buffer.from('x') };

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

for (const address of ['127.0.0.1', '::1']) {
  t.test(`a request of any length is sent, all of the answer comes: ${address}`, async (t) => {
    const { promise: closed, resolve } = Promise.withResolvers<boolean>();
    const server = createServer((socket: Socket) => {
      let length = 0;
      socket.once('close', resolve);
      socket.on('data', (data) => {
        length += data.length;
        if (length === 8_000_000) socket.end('y'.repeat(300_000));
      });
    });
    const port = await listening(server, address);
    const { sent, text, error } = await ask(address, port, Buffer.alloc(8_000_000, 'x'));
    t.equal(sent, true);
    t.equal(text.length, 300_000);
    t.equal(error, undefined);
    t.equal(await closed, false, 'who closes second does not reset');
    server.close();
  });
}

t.test('who is not there is a KernelError, as is no address', async (t) => {
  const server = createServer();
  const port = await listening(server, '127.0.0.1');
  server.close();
  await once(server, 'close');
  const { sent, error } = await ask('127.0.0.1', port, Buffer.alloc(0));
  t.equal(sent, false);
  t.ok(isKernelError(error, 'ECONNREFUSED'));
  t.throws(() => void ask('localhost', port, Buffer.alloc(0)), { code: 'EINVAL', call: 'connect' });
});

t.test('without a request it tells of the connection; close resets it', async (t) => {
  const server = createServer();
  const port = await listening(server, '127.0.0.1');
  const { promise, resolve } = Promise.withResolvers<void>();
  const exchange = new TcpExchange(
    { address: '127.0.0.1', port, request: Buffer.alloc(0) },
    { onSent: resolve, onData: () => undefined, onEnd: () => t.fail('it was closed here') },
  );
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  await promise;
  const [socket] = await accepted;
  const failure = once(socket, 'error') as Promise<[unknown]>;
  exchange.close();
  exchange.close();
  t.match(await failure, [{ code: 'ECONNRESET' }]);
  server.close();
});

t.test('an answer that is there late, or in parts, is read all the same', async (t) => {
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write('first ');
      setTimeout(() => socket.end('second'), 60);
    });
  });
  const port = await listening(server, '127.0.0.1');
  for (const lookAfterMs of [0, 5, 200]) {
    const { sent, text, error } = await askOf({ ...local, port, lookAfterMs });
    t.same({ sent, text, error }, { sent: true, text: 'first second', error: undefined });
  }
  server.close();
});

t.test('closed before the look, nothing is told and nothing is left', async (t) => {
  const server = createServer((socket) => socket.on('error', () => undefined).end('answer'));
  const port = await listening(server, '127.0.0.1');
  const before = openDescriptors();
  const told: string[] = [];
  const exchange = new TcpExchange(
    { address: '127.0.0.1', port, request: Buffer.from('x'), lookAfterMs: 1 },
    {
      onSent: () => told.push('sent'),
      onData: () => told.push('data'),
      onEnd: () => told.push('end'),
    },
  );
  exchange.close();
  t.equal(openDescriptors(), before);
  await askOf({ ...local, port, lookAfterMs: 1 });
  t.same(told, []);
  server.close();
});

t.test('who refuses a request is told of after the call, as without one', async (t) => {
  const server = createServer();
  const port = await listening(server, '127.0.0.1');
  server.close();
  await once(server, 'close');
  for (const lookAfterMs of [0, 5]) {
    const { sent, error } = await askOf({ ...local, port, lookAfterMs });
    t.equal(sent, false);
    t.ok(isKernelError(error, 'ECONNREFUSED'));
  }
});

t.test('no descriptor is left', async (t) => {
  const before = openDescriptors();
  const server = createServer((socket) => socket.resume().end('answer'));
  const port = await listening(server, '127.0.0.1');
  for (let round = 0; round < 200; round += 1) {
    t.match(await ask('127.0.0.1', port, Buffer.from('question')), { text: 'answer' });
  }
  server.close();
  await once(server, 'close');
  t.equal(openDescriptors(), before);
});
