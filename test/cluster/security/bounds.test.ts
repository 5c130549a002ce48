import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import t from 'tap';
import { CoordinatorProcess } from './coordinator-process.ts';

t.setTimeout(600_000);

/** 10,000 with `KEELSON_CONNECTIONS=10000`; their handshakes take a while. */
const connections = Number(process.env['KEELSON_CONNECTIONS'] ?? 300);

const coordinator = await CoordinatorProcess.start();
t.teardown(() => coordinator[Symbol.asyncDispose]());
const port = Number(new URL(coordinator.url).port);

async function open(): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ca: coordinator.authority });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

function residentMegabytes(): number {
  const text = readFileSync(`/proc/${coordinator.child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024;
}

async function textOf(socket: TLSSocket): Promise<string> {
  const parts: Buffer[] = [];
  try {
    for await (const part of socket) parts.push(part as Buffer);
  } catch {
    // A reset, for the server does not read what it refuses.
  }
  return Buffer.concat(parts).toString();
}

t.test('idle connections hold nobody up', async (t) => {
  const before = residentMegabytes();
  const sockets: TLSSocket[] = [];
  t.teardown(() => sockets.forEach((socket) => socket.destroy()));
  while (sockets.length < connections) {
    sockets.push(...(await Promise.all(Array.from({ length: 50 }, open))));
  }
  const grown = residentMegabytes() - before;
  t.comment(`${sockets.length} connections take ${grown.toFixed(0)} MB`);
  t.equal((await coordinator.asAdmin('GET /api/v1/namespaces')).status, 200);
  t.ok(grown / sockets.length < 0.5, `${((grown * 1024) / sockets.length).toFixed(0)} KiB each`);
});

t.test('who sends no whole request is hung up on', async (t) => {
  const socket = await open();
  socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n');
  t.match(await textOf(socket), /408 Request Timeout/);
});

t.test('too large headers, bodies and what is no HTTP are refused', async (t) => {
  const headers = await open();
  headers.write(`GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(64 * 1024)}\r\n\r\n`);
  t.notMatch(await textOf(headers), /200 OK/);
  const nonsense = await open();
  nonsense.write('\u0000\u0001\u0002 nonsense\r\n\r\n');
  t.notMatch(await textOf(nonsense), /200 OK/);
  const body = 'x'.repeat(4 * 1024 * 1024);
  const { status } = await coordinator
    .asAdmin('POST /api/v1/namespaces', body)
    .catch(() => ({ status: 413 }));
  t.equal(status, 413);
  t.equal((await coordinator.asAdmin('GET /livez')).status, 200);
});

t.test('SIGTERM ends watches in order', async (t) => {
  const { certificate: cert, key, authority: ca, url } = coordinator;
  const sent = request(`${url}/api/v1/namespaces?watch=true`, { cert, key, ca }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await once(response, 'data');
  const ended = once(response, 'end');
  const code = coordinator.stop();
  await ended;
  t.equal(response.statusCode, 200);
  t.match(text, /"type":"ADDED"/);
  t.ok(text.endsWith('}\n'), 'the last event is whole');
  t.equal(await code, 0);
});
