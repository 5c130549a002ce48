import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type ClientHttp2Session, createServer } from 'node:http2';
import { createConnection, createServer as createListener } from 'node:net';
import t from 'tap';
import { AuthorityFilter } from '../../../../src/cri/grpc/authority-filter.ts';
import { FilteredConnection } from '../../../../src/cri/grpc/filtered-connection.ts';

const folder = await mkdtemp('/tmp/keelson-authority-');
t.teardown(() => rm(folder, { recursive: true }));

/** What crictl 1.26 sends to a socket: its preface, settings, two calls of Version. */
const captured = Buffer.from(
  'UFJJICogSFRUUC8yLjANCg0KU00NCg0KAAAABAAAAAAAAAAABAEAAAAAAAB1AQQAAAABg4ZFmWLLakmpKv3Cvttq' +
    'Saku4tncxCscS2IMer9BjGE01sEsMwQda6Dk61+LHXXQYg0mPUxNZWR6iprKyLTHYCu2FcFAAnRlhk2DNQWxH0CO' +
    'msrIsMhC1pWLUQ8hqpuDm9mrQImaysiyTUlPan+GC+++Flu3AAAFAAEAAAABAAAAAAAAAAQDAAAAAAEAAAAIAAAQ' +
    'AQQAAAADg4bEw8LBwL9+hgvvvvts2wAACQABAAAAAwAAAAAECgJ2MQ==',
  'base64',
);

/** A session of Node's behind the filter, which answers with the authority that it was told. */
const path = `${folder}/s.sock`;
const http = createServer((request, response) => {
  response.end(String(request.headers[':authority']));
});
const listener = createListener((socket) => {
  http.emit('connection', new FilteredConnection(socket));
});
await new Promise<void>((resolve) => listener.listen(path, resolve));
t.teardown(() => listener.close());

function client(): ClientHttp2Session {
  return connect('http://x', { createConnection: () => createConnection(path) });
}

function ask(session: ClientHttp2Session, authority: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':authority': authority, ':path': '/a/b' });
    let text = '';
    stream.setEncoding('utf8');
    stream.on('data', (part: string) => (text += part));
    stream.on('end', () => resolve(text));
    stream.on('error', reject);
  });
}

t.test('the authority of an old client is one that the session takes', async (t) => {
  const cases = [
    ['/run/keelson/cri.sock', '-run-keelson-cri.sock'],
    ['/var/lib/with space/~x_1', '-var-lib-with-space-~x_1'],
    ['//////', '------'],
    ['/a"b?c|d@e$f/eeeeeeeeeeeeeeeeeee', '-a(b(c+d$e$f-eeeeeeeeeeeeeeeeeee'],
    // Longer in Huffman's code, so that it comes plain.
    ['/{{<<>>##[[~~/{}@', '---------[[~~----'],
    ['localhost', 'localhost'],
    ['%2Frun%2Fcri.sock', '%2Frun%2Fcri.sock'],
    ['[::1]:80', '[::1]:80'],
    ['/' + 'a/'.repeat(500), '-' + 'a-'.repeat(500)],
  ] as const;
  const shared = client();
  for (const [sent, read] of cases) {
    const own = client();
    t.equal(await ask(own, sent), read);
    own.close();
    t.equal(await ask(shared, sent), read, 'on a connection with others before it');
    t.equal(await ask(shared, sent), read, 'from the table of the connection');
  }
  shared.close();
});

t.test('bytes may come in any pieces', async (t) => {
  const whole = new AuthorityFilter().take(Buffer.from(captured));
  t.notSame(whole, captured.subarray(0, whole.length));
  for (const step of [1, 2, 3, 7, 24, 25, 50]) {
    const filter = new AuthorityFilter();
    const pieces: Buffer[] = [];
    for (let at = 0; at < captured.length; at += step) {
      pieces.push(filter.take(Buffer.from(captured.subarray(at, at + step))));
    }
    t.same(Buffer.concat(pieces), whole, `${step} at a time`);
  }
});

t.test('data that look like a header pass unchanged', (t) => {
  const filter = new AuthorityFilter();
  const inner = captured.subarray(24);
  const frame = Buffer.concat([Buffer.from([0, 0, inner.length, 0, 0, 0, 0, 0, 1]), inner]);
  filter.take(Buffer.from(captured.subarray(0, 24)));
  t.same(filter.take(Buffer.from(frame)), frame);
  t.end();
});

/** A frame with three bytes of padding and a priority. */
function paddedFrame(fields: Buffer): Buffer {
  const length = 6 + fields.length + 3;
  const header = [0, 0, length, 1, 8 | 32 | 4, 0, 0, 0, 1];
  return Buffer.concat([Buffer.from([...header, 3, 0, 0, 0, 0, 16]), fields, Buffer.alloc(3, 47)]);
}

t.test('padding and priority before the fields are read over', (t) => {
  const fields = Buffer.from([0x83, 0x01, 0x03, 0x2f, 0x61, 0x2f, 0x0f, 0x0f, 0x02, 0x2f, 0x2f]);
  const mended = Buffer.from([0x83, 0x01, 0x03, 0x2d, 0x61, 0x2d, 0x0f, 0x0f, 0x02, 0x2f, 0x2f]);
  const filter = new AuthorityFilter();
  filter.take(Buffer.alloc(24));
  t.same(filter.take(paddedFrame(fields)), paddedFrame(mended));
  t.end();
});

t.test('no bytes at all make it throw, lose or add any', (t) => {
  let seed = 20_260_821;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (let round = 0; round < 3000; round += 1) {
    const filter = new AuthorityFilter();
    const bytes = Buffer.from(captured);
    for (let change = random(12); change >= 0; change -= 1) {
      bytes[24 + random(bytes.length - 24)] = random(256);
    }
    let out = 0;
    for (let at = 0; at < bytes.length;) {
      const step = 1 + random(60);
      out += filter.take(Buffer.from(bytes.subarray(at, at + step))).length;
      at += step;
    }
    // Less than one frame may be held back until more of it comes.
    if (out > bytes.length || bytes.length - out > 16_384 + 9) t.fail(`round ${round}: ${out}`);
  }
  t.end();
});
