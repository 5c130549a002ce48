/** Blobs on their way to a registry whose connections break. */
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { isConnectionError } from '../../../../src/image/registry/registry-error.ts';
import { uploadBlob } from '../../../../src/image/registry/upload.ts';
import { FakeRegistry } from './fake-registry.ts';
import { asDescriptor, openTestSession } from './open-test-session.ts';

const blob = randomBytes(3 * 1024 * 1024);
const digest = `sha256:${createHash('sha256').update(blob).digest('hex')}`;

interface Behaviour {
  /** How many bytes of each body it takes before it breaks off; the rest are taken whole. */
  readonly takes: readonly number[];
  /** What it says of an upload, in place of the truth. */
  readonly range?: string;
  /** Of a part that comes later. */
  readonly partStatus?: number;
}

/** The uploading half of a registry: one upload at a time. */
class Uploads {
  received = Buffer.alloc(0);
  done: Buffer | undefined;
  readonly seen: string[] = [];
  readonly #takes: number[];
  readonly #behaviour: Behaviour;
  #begun = 0;

  constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
    this.#takes = [...behaviour.takes];
  }

  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const { method = '', headers } = request;
    const range = headers['content-range'] ?? '';
    this.seen.push(`${method}${range === '' ? '' : ` ${range}`}`);
    if (method === 'HEAD') return end(response, 404);
    if (method === 'POST') {
      this.received = Buffer.alloc(0);
      return end(response, 202, { location: `/v2/app/blobs/uploads/${++this.#begun}` });
    }
    if (method === 'GET') {
      const told = this.#behaviour.range ?? `0-${Math.max(0, this.received.length - 1)}`;
      return end(response, 204, { range: told, location: `/v2/app/blobs/uploads/moved` });
    }
    if (range !== '' && this.#behaviour.partStatus !== undefined) {
      request.resume();
      return end(response, this.#behaviour.partStatus);
    }
    this.#take(request, response);
    return true;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const limit = this.#takes.shift() ?? Infinity;
    let taken = 0;
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => {
      const part = chunk.subarray(0, Math.max(0, limit - taken));
      taken += part.length;
      this.received = Buffer.concat([this.received, part]);
      if (taken >= limit) request.socket.destroy();
    });
    request.on('end', () => {
      if (request.method === 'PATCH') {
        end(response, 202, { location: '/v2/app/blobs/uploads/last' });
        return;
      }
      this.done = this.received;
      end(response, 201);
    });
  }
}

function end(response: ServerResponse, status: number, headers: Record<string, string> = {}): true {
  response.writeHead(status, headers);
  response.end();
  return true;
}

async function send(t: Test, behaviour: Behaviour) {
  const registry = await FakeRegistry.start();
  t.teardown(() => registry[Symbol.asyncDispose]());
  const uploads = new Uploads(behaviour);
  registry.intercept = (request, response) => uploads.answer(request, response);
  const test = openTestSession(`${registry.host}/app:1`, { action: 'push' });
  t.teardown(() => test[Symbol.asyncDispose]());
  const offsets: number[] = [];
  let shown = 0;
  const outcome = uploadBlob(test.session, {
    blob: asDescriptor({ digest, size: blob.length }),
    open: (offset) => {
      offsets.push(offset);
      return pieces(offset);
    },
    mountFrom: [],
    onBytes: (doneBytes) => (shown = doneBytes),
  });
  return { uploads, offsets, outcome, shown: () => shown };
}

async function* pieces(offset: number): AsyncGenerator<Buffer> {
  for (let at = offset; at < blob.length; at += 100_000) {
    yield blob.subarray(at, Math.min(blob.length, at + 100_000));
  }
}

t.test('one that breaks off goes on where the registry has come to', async (t) => {
  const { uploads, offsets, outcome, shown } = await send(t, { takes: [2_000_000] });
  t.equal(await outcome, 'uploaded');
  t.ok(uploads.done?.equals(blob), 'the very bytes');
  t.same(uploads.seen, ['HEAD', 'POST', 'PATCH', 'GET', `PATCH 2000000-${blob.length - 1}`, 'PUT']);
  t.same(offsets, [0, 2_000_000]);
  t.equal(shown(), blob.length);
});

t.test('as often as it comes further each time', async (t) => {
  const part = 1_100_000;
  const { uploads, offsets, outcome } = await send(t, { takes: [part, part, 1000, 1000] });
  t.equal(await outcome, 'uploaded');
  t.ok(uploads.done?.equals(blob));
  t.same(offsets, [0, part, 2 * part, 2 * part + 1000, 2 * part + 2000]);
});

t.test('without progress it is given up', async (t) => {
  const { uploads, outcome } = await send(t, { takes: [5000, 10, 10, 10, 10] });
  const failure = await outcome.then(
    () => undefined,
    (error: unknown) => error,
  );
  t.ok(isConnectionError(failure), String(failure));
  t.equal(uploads.seen.filter((method) => method === 'POST').length, 1);
  t.equal(uploads.done, undefined);
});

t.test('a registry that lost the upload gets another one', async (t) => {
  for (const partStatus of [404, 416]) {
    const { uploads, outcome } = await send(t, { takes: [2_000_000], partStatus });
    t.equal(await outcome, 'uploaded');
    t.ok(uploads.done?.equals(blob));
    t.equal(uploads.seen.filter((method) => method === 'POST').length, 2);
  }
});

t.test('nonsense about what is there begins anew', async (t) => {
  const ranges = ['', '0-0', '5-9', `0-${blob.length}`, '0-99999999999999999999', 'x'];
  const check = async (range: string): Promise<void> => {
    const { uploads, offsets, outcome } = await send(t, { takes: [2_000_000], range });
    t.equal(await outcome, 'uploaded', range);
    t.same(offsets, [0, 0]);
    t.ok(uploads.done?.equals(blob));
  };
  await Promise.all(ranges.map(check));
});

t.test('when all was there before the connection broke, only the end is sent', async (t) => {
  const { uploads, offsets, outcome } = await send(t, { takes: [blob.length] });
  t.equal(await outcome, 'uploaded');
  t.ok(uploads.done?.equals(blob));
  t.same(offsets, [0]);
});
