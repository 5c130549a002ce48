import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { WebSocket } from 'ws';
import { limits } from '../../../src/base/limits.ts';
import { acceptCommand } from '../../../src/stream/accept-command.ts';
import type { CommandRequest, CommandStreams } from '../../../src/stream/command-streams.ts';
import { dialSpdy } from '../../../src/stream/dial-spdy.ts';
import { parseResult } from '../../../src/stream/status.ts';
import { clients, hear, versions } from '../../command-client.ts';
import { serve, type TestServer } from './test-server.ts';

const all: CommandRequest = { stdin: true, stdout: true, stderr: true, terminal: false };

/** A server whose every client is given to `run`. */
function serveCommand(
  wanted: CommandRequest,
  run: (streams: CommandStreams) => Promise<void>,
): Promise<TestServer> {
  return serve(async (upgrade) => {
    const streams = await acceptCommand(upgrade, wanted);
    if (streams !== undefined) await run(streams);
  });
}

for (const kind of ['spdy', 'websocket'] as const) {
  const client = clients[kind];

  for (const version of versions[kind]) {
    t.test(`${kind} ${version}: output, errors and the exit code arrive`, async (t) => {
      await using server = await serveCommand(all, async ({ stdout, stderr, finish }) => {
        stdout?.write('out');
        stderr?.write('wrong');
        await finish({ kind: 'exited', exitCode: 3 });
      });
      const wanted = { protocols: [version], stdin: true, stdout: true, stderr: true };
      const session = await client(server.url, wanted);
      t.equal(session.protocol, version);
      const { stdout, stderr, error } = await hear(session);
      t.same([stdout, stderr], ['out', 'wrong']);
      if (/^v[45]/.test(version)) t.same(parseResult(error), { kind: 'exited', exitCode: 3 });
      else t.match(error, /exit status 3$/);
      await session.closed;
    });
  }

  t.test(`${kind}: input arrives, and where the protocol has a word for it, its end`, async (t) => {
    for (const version of versions[kind]) {
      await using server = await serveCommand(all, async ({ stdin, stdout, finish }) => {
        stdin?.pipe(stdout ?? process.stdout);
        await new Promise((resolve) => stdin?.once('end', resolve));
        await finish({ kind: 'done' });
      });
      const wanted = { protocols: [version], stdin: true, stdout: true, stderr: true };
      const session = await client(server.url, wanted);
      session.stdin.end('input');
      if (kind === 'spdy' || version.startsWith('v5')) {
        t.equal((await hear(session)).stdout, 'input', version);
        await session.closed;
        continue;
      }
      const [first] = (await once(session.stdout, 'data')) as [Buffer];
      t.equal(first.toString(), 'input', version);
      session.vanish();
      await session.closed;
    }
  });

  t.test(`${kind}: sizes of the terminal arrive in order`, async (t) => {
    const wanted = { ...all, stderr: false, terminal: true };
    await using server = await serveCommand(wanted, async ({ sizes, stdout, finish }) => {
      let count = 0;
      for await (const { columns, rows } of sizes) {
        stdout?.write(`${columns}x${rows} `);
        if (++count === 2) break;
      }
      await finish({ kind: 'done' });
    });
    const protocols = [versions[kind][0]];
    const asked = { protocols, stdin: true, stdout: true, resize: true };
    const session = await client(server.url, asked);
    session.resize.write('{"Width":80,"Height":24}\n');
    session.resize.write('{"Width":132,"Height":50}\n');
    t.equal((await hear(session)).stdout, '80x24 132x50 ');
    await session.closed;
  });

  t.test(`${kind}: 10 MiB arrive whole before the end of the connection`, async (t) => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    await using server = await serveCommand(all, async ({ stdout, finish }) => {
      for (let index = 0; index < 160; index++) {
        await new Promise((resolve) => stdout?.write(chunk, resolve));
      }
      await finish({ kind: 'exited', exitCode: 0 });
    });
    const protocols = [versions[kind][0]];
    const session = await client(server.url, {
      protocols,
      stdin: true,
      stdout: true,
      stderr: true,
    });
    // Input that nobody reads any more must not cost the output its end.
    session.stdin.write(Buffer.alloc(10_000));
    const heard = await hear(session);
    t.equal(heard.stdout.length, 160 * 64 * 1024);
    t.same(parseResult(heard.error), { kind: 'done' });
    await session.closed;
  });

  t.test(`${kind}: a client that vanishes aborts, also while its input is not read`, async (t) => {
    for (const input of [0, 4 * limits.streamBufferBytes]) {
      const { promise, resolve } = Promise.withResolvers<void>();
      await using server = await serveCommand(all, async ({ gone }) => {
        gone.addEventListener('abort', () => resolve());
      });
      const protocols = [versions[kind][0]];
      const asked = { protocols, stdin: true, stdout: true, stderr: true };
      const session = await client(server.url, asked);
      if (input > 0) session.stdin.write(Buffer.alloc(input));
      await sleep(100);
      session.vanish();
      await promise;
      t.pass(`${input} bytes of input`);
    }
  });

  t.test(`${kind}: what the client sends against the direction holds nothing back`, async (t) => {
    await using server = await serveCommand(all, async ({ stdin, stdout, finish }) => {
      stdout?.write(await text(stdin ?? process.stdin));
      await finish({ kind: 'done' });
    });
    const protocols = [versions[kind][0]];
    const asked = { protocols, stdin: true, stdout: true, stderr: true };
    const session = await client(server.url, asked);
    if (kind === 'spdy') {
      (session.stdout as unknown as NodeJS.WritableStream).write(Buffer.alloc(2_000_000));
      (session.error as unknown as NodeJS.WritableStream).write(Buffer.alloc(2_000_000));
    } else {
      for (let index = 0; index < 40; index++) session.resize.write(Buffer.alloc(60_000));
    }
    session.stdin.end('still heard');
    t.equal((await hear(session)).stdout, 'still heard');
    await session.closed;
  });
}

t.test('protocols that we do not have are refused with those that we have', async (t) => {
  await using server = await serveCommand(all, async () => undefined);
  await t.rejects(dialSpdy({ url: server.url, protocols: ['v9.channel.k8s.io'] }), {
    kind: 'unavailable',
    message: /403 .*"v9.channel.k8s.io", not v4.channel.k8s.io/,
  });
  const socket = new WebSocket(server.url.replace('http', 'ws'), ['v9.channel.k8s.io']);
  const [error] = (await once(socket, 'error')) as [Error];
  t.match(error.message, /403/);
});

t.test('an upgrade to anything else is refused', async (t) => {
  await using server = await serveCommand(all, async () => undefined);
  const headers = { Connection: 'Upgrade', Upgrade: 'h2c' };
  const sent = request(server.url, { headers });
  sent.end();
  const [response] = (await once(sent, 'response')) as [{ statusCode: number }];
  t.equal(response.statusCode, 400);
  const malformed = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: short';
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${malformed}\r\n\r\n`);
  t.match(await text(socket), /^HTTP\/1.1 400/);
});

t.test('streams that were not asked for, or twice, are refused', async (t) => {
  await using server = await serveCommand({ ...all, stderr: false }, async ({ finish }) =>
    finish({ kind: 'done' }),
  );
  const { connection } = await dialSpdy({ url: server.url, protocols: ['v4.channel.k8s.io'] });
  const open = (name: string): Promise<unknown> => connection.open(new Map([['streamtype', name]]));
  await open('error');
  for (const name of ['error', 'stderr', 'resize', 'other', '']) {
    await t.rejects(open(name), { name: 'DomainError', kind: 'unavailable' }, name);
  }
  await open('stdin');
  await open('stdout');
  await connection.closed;
});

t.test('a message that is too long ends the connection', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using server = await serveCommand(all, async ({ gone }) => {
    gone.addEventListener('abort', () => resolve());
  });
  const socket = new WebSocket(server.url.replace('http', 'ws'), ['v5.channel.k8s.io']);
  await once(socket, 'open');
  socket.send(Buffer.alloc(limits.webSocketMessageBytes + 1));
  const [code] = (await once(socket, 'close')) as [number];
  t.equal(code, 1009);
  await promise;
});

t.test('a flood of pings does not grow the memory', async (t) => {
  await using server = await serveCommand(all, async () => undefined);
  const socket = new WebSocket(server.url.replace('http', 'ws'), ['v5.channel.k8s.io']);
  await once(socket, 'open');
  socket.pause();
  for (let round = 0; round < 50; round++) {
    for (let index = 0; index < 2000; index++) socket.ping(Buffer.alloc(120));
    await sleep(5);
  }
  await sleep(200);
  const kept = Math.max(...[...server.sockets].map(({ writableLength }) => writableLength));
  t.ok(kept <= 2 * limits.streamBufferBytes, `${kept} bytes kept`);
  socket.terminate();
});
