import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { DomainError, KernelError } from '../../../../src/base/error.ts';
import { Containers, Images, System } from '../../../../src/cri/generated/keelson.ts';
import { GrpcClient } from '../../../../src/grpc/grpc-client.ts';
import { GrpcServer, type Handlers } from '../../../../src/cri/grpc/grpc-server.ts';

const log = pino({ level: 'silent' });
const folder = await mkdtemp('/tmp/keelson-grpc-');
t.teardown(() => rm(folder, { recursive: true }));

let sockets = 0;
async function serve(t: Test, handlers: Handlers<typeof Containers>): Promise<GrpcClient> {
  const path = `${folder}/${sockets++}.sock`;
  const server = new GrpcServer(log);
  server.add(Containers, handlers);
  await server.listen(path);
  const client = new GrpcClient(path);
  t.teardown(async () => {
    client.close();
    await server.close(100);
  });
  return client;
}

t.test('a request is answered, again on the same connection', async (t) => {
  const client = await serve(t, {
    Start: async ({ container }) => ({ id: container, name: 'ö' }),
  });
  for (const container of ['a', 'b'.repeat(100_000)]) {
    t.same(await client.call(Containers.Start, { container }), { id: container, name: 'ö' });
  }
});

t.test('thousands of calls go over one connection', async (t) => {
  let connections = 0;
  const path = `${folder}/many.sock`;
  const server = new GrpcServer(log);
  server.add(Containers, { Start: async ({ container }) => ({ id: container }) });
  await server.listen(path);
  // In between, to count: a server ends a connection whose streams are reset again and again.
  const counting = createServer((socket) => {
    connections += 1;
    const onward = createConnection(path);
    for (const side of [socket, onward]) side.on('error', () => undefined);
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => counting.listen(`${path}.count`, resolve));
  const client = new GrpcClient(`${path}.count`);
  t.teardown(async () => {
    client.close();
    counting.close();
    await server.close(100);
  });
  for (let round = 0; round < 20; round += 1) {
    const container = String(round);
    const calls = Array.from({ length: 100 }, () => client.call(Containers.Start, { container }));
    t.ok((await Promise.all(calls)).every(({ id }) => id === container));
  }
  t.equal(connections, 1);
});

t.test('errors arrive as what they were, with their text', async (t) => {
  const errors = [
    new DomainError('notFound', 'No container "x"'),
    new DomainError('exists', 'ä, % and\nlines'),
    new DomainError('invalid', 'q'),
    new DomainError('conflict', 'q'),
    new DomainError('unavailable', 'q'),
    new DomainError('timeout', 'q'),
    new DomainError('unsupported', 'q'),
  ];
  const client = await serve(t, {
    Start: async ({ container }) => {
      throw errors[Number(container)] ?? new Error('none');
    },
  });
  for (const [index, { kind, message }] of errors.entries()) {
    await t.rejects(client.call(Containers.Start, { container: String(index) }), { kind, message });
  }
});

t.test('a kernel error keeps its words and gets the code of its errno', async (t) => {
  const client = await serve(t, {
    Start: async () => {
      throw new KernelError({ call: 'mount', errno: 28, code: 'ENOSPC', path: '/x' });
    },
  });
  await t.rejects(client.call(Containers.Start, {}), /mount \/x: ENOSPC/);
});

t.test('a method without a handler is unsupported, by name', async (t) => {
  const client = await serve(t, {});
  await t.rejects(client.call(Containers.Kill, {}), { kind: 'unsupported', message: /Kill/ });
  await t.rejects(client.answers(Containers.Stats, {}).next(), /keelson has no Stats/);
});

t.test('a stream of answers arrives whole and in order, at the reader its pace', async (t) => {
  let made = 0;
  const client = await serve(t, {
    Logs: async function* () {
      for (; made < 300; made += 1) yield { entries: [{ text: Buffer.alloc(64 * 1024, made) }] };
    },
  });
  let read = 0;
  for await (const { entries } of client.answers(Containers.Logs, {})) {
    if (read === 0) {
      await sleep(200);
      t.ok(made < 250, `the server waits for the reader (${made} made)`);
    }
    t.equal(entries[0]?.text[0], read % 256);
    read += 1;
  }
  t.equal(read, 300);
});

t.test('an error after some answers is thrown after them', async (t) => {
  const client = await serve(t, {
    Logs: async function* () {
      yield { entries: [{ time: 'one' }] };
      throw new DomainError('conflict', 'enough');
    },
  });
  const seen: string[] = [];
  await t.rejects(
    (async () => {
      for await (const { entries } of client.answers(Containers.Logs, {})) {
        seen.push(entries[0]?.time ?? '');
      }
    })(),
    { kind: 'conflict', message: 'enough' },
  );
  t.same(seen, ['one']);
});

t.test('a session carries both ways at once and ends when the input does', async (t) => {
  const client = await serve(t, {
    Exec: async function* (inputs) {
      for await (const { stdin } of inputs) yield { stdout: stdin };
      yield { exit_code: 0 };
    },
  });
  const seen: (string | number | undefined)[] = [];
  for await (const { stdout, exit_code } of client.both(Containers.Exec, typed('a', 'b'))) {
    seen.push(exit_code ?? Buffer.from(stdout ?? []).toString());
  }
  t.same(seen, ['a', 'b', 0]);
});

t.test('the handler learns that the caller went away', async (t) => {
  const aborted = Promise.withResolvers<void>();
  const client = await serve(t, {
    Logs: async function* (_request, { signal }) {
      signal.addEventListener('abort', () => aborted.resolve());
      yield { entries: [] };
      await sleep(10_000, undefined, { signal });
    },
  });
  for await (const _ of client.answers(Containers.Logs, {})) break;
  await aborted.promise;
});

t.test('a deadline ends the call on both sides', async (t) => {
  const aborted = Promise.withResolvers<void>();
  const client = await serve(t, {
    Wait: async (_request, { signal }) => {
      signal.addEventListener('abort', () => aborted.resolve());
      await sleep(10_000, undefined, { signal });
      return {};
    },
  });
  await t.rejects(client.call(Containers.Wait, {}, { timeoutMs: 50 }), /[Dd]eadline/);
  await aborted.promise;
});

t.test('the socket is for its owner alone and replaces a stale file', async (t) => {
  const path = `${folder}/mode.sock`;
  await writeFile(path, 'stale');
  const server = new GrpcServer(log);
  server.add(Images, {});
  server.add(System, {});
  await server.listen(path);
  t.equal((await stat(path)).mode & 0o777, 0o600);
  await server.close(100);
  await t.rejects(stat(path), { code: 'ENOENT' }, 'closing takes the socket away');
});

t.test('without a runtime the error says what to do', async (t) => {
  using client = new GrpcClient(`${folder}/none.sock`);
  await t.rejects(client.call(Containers.Start, {}), {
    kind: 'unavailable',
    message: /no runtime listens at .*none\.sock.*keelson runtime/,
  });
});

async function* typed(...texts: string[]): AsyncGenerator<{ stdin: Buffer }> {
  for (const text of texts) yield { stdin: Buffer.from(text) };
}
