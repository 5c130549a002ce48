import { duplexPair } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { buffer, text } from 'node:stream/consumers';
import t from 'tap';
import { limits } from '../../../../src/base/limits.ts';
import { SpdyConnection } from '../../../../src/stream/spdy/connection.ts';
import { ping, synStream } from '../../../../src/stream/spdy/frame.ts';
import { FrameDecoder } from '../../../../src/stream/spdy/frame-decoder.ts';
import { HeaderWriter } from '../../../../src/stream/spdy/header-block.ts';
import type { SpdyStream } from '../../../../src/stream/spdy/stream.ts';

interface Pair {
  readonly client: SpdyConnection;
  readonly server: SpdyConnection;
  /** In the order in which the client opened them. */
  readonly streams: SpdyStream[];
}

function pair(accept: (stream: SpdyStream) => boolean = () => true): Pair {
  const [near, far] = duplexPair();
  const streams: SpdyStream[] = [];
  const server = new SpdyConnection(far, {
    side: 'server',
    onStream: (stream) => {
      streams.push(stream);
      return accept(stream);
    },
  });
  return { client: new SpdyConnection(near, { side: 'client' }), server, streams };
}

const named = (name: string): Map<string, string> => new Map([['streamtype', name]]);

t.test('streams carry bytes both ways, and each half ends alone', async (t) => {
  const { client, server, streams } = pair();
  const near = await client.open(named('echo'));
  const [far] = streams;
  t.equal(far?.headers.get('streamtype'), 'echo');
  near.end('question');
  t.equal(await text(far as SpdyStream), 'question');
  far?.write('ans');
  far?.end('wer');
  t.equal(await text(near), 'answer');
  await client.close();
  await server.closed;
});

t.test('many streams do not mix', async (t) => {
  const { client, server, streams } = pair((stream) => {
    stream.pipe(stream);
    return true;
  });
  const work = Array.from({ length: 100 }, async (_, index) => {
    const stream = await client.open(named(String(index)));
    stream.end(String(index).repeat(10_000));
    t.equal(await text(stream), String(index).repeat(10_000));
  });
  await Promise.all(work);
  t.equal(streams.length, 100);
  server.destroy();
  await client.closed;
});

t.test('a refused stream fails to open', async (t) => {
  const { client } = pair(() => false);
  await t.rejects(client.open(named('x')), { name: 'DomainError', kind: 'unavailable' });
  client.destroy();
});

t.test('no more streams are open at once than allowed', async (t) => {
  const { client, streams } = pair();
  const opened = await Promise.allSettled(
    Array.from({ length: limits.spdyStreams + 5 }, (_, index) => client.open(named(String(index)))),
  );
  t.equal(opened.filter(({ status }) => status === 'fulfilled').length, limits.spdyStreams);
  streams[0]?.destroy();
  await client.open(named('after one closed'));
  client.destroy();
});

t.test('destroying a stream resets it at the other end and leaves the others', async (t) => {
  const { client, streams } = pair();
  const [one, two] = [await client.open(named('1')), await client.open(named('2'))];
  const closed = new Promise((resolve) => streams[0]?.once('close', resolve));
  one.destroy();
  await closed;
  two.end('still');
  t.equal(await text(streams[1] as SpdyStream), 'still');
  client.destroy();
});

t.test('a reader that is behind holds the writer back', async (t) => {
  const { client, streams } = pair();
  const near = await client.open(named('slow'));
  let written = 0;
  const chunk = Buffer.alloc(64 * 1024);
  const stop = new AbortController();
  const writing = (async () => {
    while (!stop.signal.aborted) {
      await new Promise((resolve) => near.write(chunk, resolve));
      written += chunk.length;
    }
  })();
  for (let before = -1; before !== written;) {
    before = written;
    await sleep(300);
  }
  t.ok(written < 2 * limits.streamBufferBytes + 512 * 1024, `${written} bytes in between`);
  stop.abort();
  streams[0]?.resume();
  await writing;
  client.destroy();
});

t.test('close delivers what was written before', async (t) => {
  const { client, server, streams } = pair();
  const near = await client.open(named('last'));
  const [far] = streams;
  const got = buffer(near);
  far?.write(Buffer.alloc(100_000, 'x'));
  await new Promise<void>((resolve) => far?.end('end', resolve));
  const closed = server.close();
  t.equal((await got).length, 100_003);
  client.destroy();
  await closed;
});

t.test('the end of the connection ends its streams and what waits to be opened', async (t) => {
  const [near, far] = duplexPair();
  const client = new SpdyConnection(near, { side: 'client' });
  const opening = client.open(named('never answered'));
  far.destroy();
  near.destroy();
  await t.rejects(opening, { name: 'DomainError', kind: 'unavailable' });
  await client.closed;
  await t.rejects(client.open(named('too late')), { name: 'DomainError', kind: 'unavailable' });
});

t.test('pings are answered, but not without bound', async (t) => {
  const [near, far] = duplexPair();
  const server = new SpdyConnection(far, { side: 'server' });
  near.write(ping(41));
  const decoder = new FrameDecoder();
  const [answer] = await new Promise<Buffer[]>((resolve) =>
    near.once('data', (chunk: Buffer) => resolve([chunk])),
  );
  t.same([...decoder.push(answer ?? Buffer.alloc(0))], [{ type: 'ping', id: 41 }]);
  near.pause();
  const flood = Buffer.concat(Array.from({ length: 10_000 }, () => ping(1)));
  for (let round = 0; round < 20; round++) {
    near.write(flood);
    await sleep(1);
  }
  await sleep(50);
  t.ok(far.writableLength < 2 * limits.streamBufferBytes, `${far.writableLength} bytes kept`);
  near.destroy();
  far.destroy();
  await server.closed;
});

t.test('who opens streams and does not read the answers is read no further', async (t) => {
  const [near, far] = duplexPair();
  let opened = 0;
  const server = new SpdyConnection(far, {
    side: 'server',
    onStream: () => {
      opened++;
      return false;
    },
  });
  const writer = new HeaderWriter();
  const flood = Array.from({ length: 40_000 }, (_, index) =>
    synStream(2 * index + 1, writer.write(new Map())),
  );
  near.write(Buffer.concat(flood));
  for (let before = -1; before !== opened;) {
    before = opened;
    await sleep(300);
  }
  t.ok(opened < flood.length, 'not all are read');
  t.ok(opened > 1000, `${opened} streams were refused`);
  t.ok(far.writableLength < 2 * limits.streamBufferBytes, `${far.writableLength} bytes kept`);
  near.destroy();
  far.destroy();
  await server.closed;
});

t.test('streams opened out of order, and what is no SPDY, end the connection', async (t) => {
  const writer = new HeaderWriter();
  const block = writer.write(new Map());
  const wrong: Record<string, Buffer[]> = {
    'an even stream of a client': [synStream(2, block)],
    'the same stream twice': [synStream(1, block), synStream(1, writer.write(new Map()))],
    HTTP: [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), Buffer.alloc(20, 0xff)],
    'headers that are none': [synStream(1, Buffer.from('none'))],
  };
  for (const [name, frames] of Object.entries(wrong)) {
    const [near, far] = duplexPair();
    const server = new SpdyConnection(far, { side: 'server', onStream: () => true });
    near.write(Buffer.concat(frames));
    const last = (await buffer(near)).subarray(-16);
    t.equal(last.readUInt16BE(2), 7, `${name}: GOAWAY`);
    t.equal(last.readUInt32BE(12), 1, `${name}: PROTOCOL_ERROR`);
    near.destroy();
    far.destroy();
    await server.closed;
  }
});
