import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import t from 'tap';
import { AnswerStream } from '../../../src/apiserver/answer-stream.ts';

const piece = 'x'.repeat(64 * 1024);

t.test('who takes nothing is slow, and hung up on when the time is over', async (t) => {
  const outcome = Promise.withResolvers<{ slow: boolean; error: unknown }>();
  const server = createServer((_request, response) => {
    const stream = new AnswerStream({ response, signal: new AbortController().signal }, 1000);
    let slow = false;
    const writing = async (): Promise<void> => {
      for (;;) {
        slow ||= !(await stream.write(piece));
        await stream.ready();
      }
    };
    writing().catch((error: unknown) => {
      response.destroy();
      outcome.resolve({ slow, error });
    });
  }).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined).pause();
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const { error } = await outcome.promise;
  t.match(error, { name: /AbortError|TimeoutError/ });
});

for (const encoding of ['identity', 'gzip']) {
  t.test(`all that was written arrives (${encoding})`, async (t) => {
    const server = createServer((_request, response) => {
      const stream = new AnswerStream({ response, signal: new AbortController().signal });
      const writing = async (): Promise<void> => {
        for (let count = 0; count < 40; count += 1) {
          await stream.ready();
          await stream.write(`${count}${piece}`);
        }
        await stream.end('end');
      };
      writing().catch(() => response.destroy());
    }).listen(0, '127.0.0.1');
    t.teardown(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const headers = { 'accept-encoding': encoding };
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers });
    t.equal(answer.headers.get('content-encoding'), encoding === 'gzip' ? 'gzip' : null);
    const wanted = Array.from({ length: 40 }, (_, count) => `${count}${piece}`).join('');
    t.ok((await answer.text()) === `${wanted}end`);
  });
}
