/** What other clients send, by HTTP/2 itself and by grpc-js, whose code is none of ours. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type ClientHttp2Session, type OutgoingHttpHeaders } from 'node:http2';
import { createConnection } from 'node:net';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { DomainError } from '../../../../src/base/error.ts';
import { limits } from '../../../../src/base/limits.ts';
import { Containers } from '../../../../src/cri/generated/keelson.ts';
import { GrpcServer, type Handlers } from '../../../../src/cri/grpc/grpc-server.ts';
import { frameOf } from '../../../../src/grpc/frames.ts';

const folder = await mkdtemp('/tmp/keelson-grpc-foreign-');
t.teardown(() => rm(folder, { recursive: true }));

let sockets = 0;
async function serve(t: Test, handlers: Handlers<typeof Containers>): Promise<string> {
  const path = `${folder}/${sockets++}.sock`;
  const server = new GrpcServer(pino({ level: 'silent' }));
  server.add(Containers, handlers);
  await server.listen(path);
  t.teardown(() => server.close(100));
  return path;
}

function sessionTo(t: Test, path: string): ClientHttp2Session {
  const session = connect('http://localhost', { createConnection: () => createConnection(path) });
  session.on('error', () => undefined);
  t.teardown(() => session.destroy());
  return session;
}

interface Ended {
  readonly status: string;
  readonly message: string;
  readonly bytes: number;
}

/** Sends a body as it is; resolves with the status wherever it comes. */
function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body: Buffer) {
  const stream = session.request({
    ':method': 'POST',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  return new Promise<Ended>((resolve, reject) => {
    let bytes = 0;
    const end = (fields: OutgoingHttpHeaders): void => {
      if (fields['grpc-status'] === undefined) return;
      const message = decodeURIComponent(String(fields['grpc-message'] ?? ''));
      resolve({ status: String(fields['grpc-status']), message, bytes });
    };
    stream.on('response', end);
    stream.on('trailers', end);
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
    stream.on('error', reject);
    stream.end(body);
  });
}

const start = { ':path': Containers.Start.path };

t.test('what is no call is refused, and the connection goes on', async (t) => {
  const session = sessionTo(t, await serve(t, { Start: async () => ({ id: 'x' }) }));
  const long = Buffer.alloc(5);
  long.writeUInt32BE(limits.grpcMessageBytes + 1, 1);
  const compressed = frameOf(Buffer.alloc(0));
  compressed[0] = 1;
  const cases: [string, OutgoingHttpHeaders, Buffer, string][] = [
    ['an unknown method', { ':path': '/x.Y/Z' }, frameOf(Buffer.alloc(0)), '12'],
    ['no message', start, Buffer.alloc(0), '3'],
    ['half a message', start, Buffer.from([0, 0, 0, 0, 9, 1]), '3'],
    ['one that is too long', start, long, '8'],
    ['a compressed one', start, compressed, '12'],
    ['bytes that are no message', start, frameOf(Buffer.from([0x0a, 0x7f])), '3'],
  ];
  for (const [what, headers, body, status] of cases) {
    t.equal((await ask(session, headers, body)).status, status, what);
  }
  const { status, bytes } = await ask(session, start, frameOf(Buffer.alloc(0)));
  t.same({ status, bytes }, { status: '0', bytes: 8 });
});

t.test('a long error text arrives cut, not as a broken stream', async (t) => {
  const session = sessionTo(
    t,
    await serve(t, {
      Start: async () => {
        throw new DomainError('conflict', 'ö'.repeat(50_000));
      },
    }),
  );
  const { status, message } = await ask(session, start, frameOf(Buffer.alloc(0)));
  t.equal(status, '9');
  t.equal(message, 'ö'.repeat(4000));
});

t.test('a caller that resets its stream is told to the handler of that call alone', async (t) => {
  const begun = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const path = await serve(t, {
    Wait: async (_request, { signal }) => {
      signal.addEventListener('abort', () => aborted.resolve());
      begun.resolve();
      await aborted.promise;
      return {};
    },
    Start: async () => ({ id: 'still there' }),
  });
  const session = sessionTo(t, path);
  const stream = session.request({ ':method': 'POST', ':path': Containers.Wait.path });
  stream.on('error', () => undefined);
  stream.end(frameOf(Buffer.alloc(0)));
  await begun.promise;
  stream.close(8);
  await aborted.promise;
  t.equal((await ask(session, start, frameOf(Buffer.alloc(0)))).status, '0');
});

const bytes = (value: Buffer): Buffer => value;

t.test('grpc-js has its answers, errors and deadlines', async (t) => {
  const path = await serve(t, {
    Start: async () => ({ id: 'x'.repeat(1_000_000) }),
    Kill: async () => {
      throw new DomainError('notFound', 'No container "ö %": a/b?,\n😀');
    },
    Wait: (_request, { signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve({}))),
  });
  const client = new Client(`unix:${path}`, credentials.createInsecure());
  t.teardown(() => client.close());
  const call = (path: string, deadline = Infinity): Promise<number> =>
    new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, answer?: Buffer): void => {
        if (error === null) resolve(answer?.length ?? 0);
        else reject(error);
      };
      client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), { deadline }, done);
    });
  t.ok((await call(Containers.Start.path)) > 1_000_000);
  await t.rejects(call(Containers.Kill.path), {
    code: 5,
    details: 'No container "ö %": a/b?,\n😀',
  });
  await t.rejects(call(Containers.Wait.path, Date.now() + 100), { code: 4 });
});
