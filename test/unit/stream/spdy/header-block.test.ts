import { constants, createDeflate, inflateSync } from 'node:zlib';
import t from 'tap';
import { dictionary, dictionaryId } from '../../../../src/stream/spdy/dictionary.ts';
import { HeaderReader, HeaderWriter } from '../../../../src/stream/spdy/header-block.ts';

t.test('the dictionary is the one that both ends of every SPDY/3 connection have', async (t) => {
  let [a, b] = [1, 0];
  for (const byte of dictionary) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  t.equal(dictionary.length, 1423);
  t.equal(((b << 16) | a) >>> 0, dictionaryId, 'its Adler-32');
});

t.test('zlib reads what the writer writes, block by block', async (t) => {
  const writer = new HeaderWriter();
  const blocks = [
    writer.write(new Map([['streamType', 'error']])),
    writer.write(new Map([['a', 'x'.repeat(70_000)]])),
  ];
  const options = { dictionary, finishFlush: constants.Z_SYNC_FLUSH };
  const first = inflateSync(blocks[0] ?? '', options);
  t.equal(first.readUInt32BE(), 1);
  t.ok(first.toString('latin1').endsWith('streamtype\0\0\0\x05error'), 'in lower case');
  const all = inflateSync(Buffer.concat(blocks), options);
  t.equal(all.length, first.length + 4 + 4 + 1 + 4 + 70_000);
});

t.test('the reader reads what zlib and the writer write, in order', async (t) => {
  const reader = new HeaderReader();
  t.teardown(() => reader.close());
  const writer = new HeaderWriter();
  for (let index = 0; index < 5; index++) {
    const headers = new Map([
      ['port', '80'],
      ['requestid', String(index)],
    ]);
    t.same(await reader.read(writer.write(headers)), headers);
  }
  const other = new HeaderReader();
  t.teardown(() => other.close());
  const deflate = createDeflate({ dictionary, flush: constants.Z_SYNC_FLUSH });
  for (const name of ['stdin', 'stdout']) {
    const value = `${name}-${'v'.repeat(100)}`;
    const block = await compressed(deflate, pairs([['streamtype', value]]));
    t.ok(block.length < 80, 'zlib compresses');
    t.same(await other.read(block), new Map([['streamtype', value]]));
  }
});

t.test('the second of two reads at once is answered after the first', async (t) => {
  const reader = new HeaderReader();
  t.teardown(() => reader.close());
  const writer = new HeaderWriter();
  const first = await reader.read(writer.write(new Map([['a', '1']])));
  const second = await reader.read(writer.write(new Map()));
  t.same([...first, ...second], [['a', '1']]);
});

t.test('what is no header block is refused', async (t) => {
  const cases: Record<string, Buffer> = {
    'no zlib': Buffer.from('GET / HTTP/1.1\r\n'),
    empty: Buffer.alloc(0),
    'a count alone': await block(Buffer.from([0, 0, 0, 1])),
    'a huge count': await block(Buffer.from([255, 255, 255, 255])),
    'a length beyond the end': await block(Buffer.from([0, 0, 0, 1, 0, 0, 0, 9, 65])),
    'an empty name': await block(pairs([['', 'x']])),
    'a repeated name': await block(pairs([['a', 'x'], ['a', 'y']])), // prettier-ignore
    'bytes after the last': await block(Buffer.concat([pairs([['a', 'x']]), Buffer.from('!')])),
    'more names than allowed': await block(
      pairs(Array.from({ length: 65 }, (_, index) => [`n${index}`, ''])),
    ),
    'too long': await block(pairs([['a', 'x'.repeat(20_000)]])),
    'a bomb': await block(Buffer.alloc(10_000_000)),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    const reader = new HeaderReader();
    await t.rejects(reader.read(bytes), { name: 'DomainError', kind: 'invalid' }, name);
    reader.close();
  }
});

t.test('a reader that failed keeps failing', async (t) => {
  const reader = new HeaderReader();
  await t.rejects(reader.read(Buffer.from('no zlib')), { name: 'DomainError', kind: 'invalid' });
  await t.rejects(reader.read(new HeaderWriter().write(new Map())), {
    name: 'DomainError',
    kind: 'invalid',
  });
  reader.close();
});

function block(plain: Buffer): Promise<Buffer> {
  return compressed(createDeflate({ dictionary, flush: constants.Z_SYNC_FLUSH }), plain);
}

function pairs(list: readonly (readonly [string, string])[]): Buffer {
  const texts = list.flat().map((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  });
  const count = Buffer.alloc(4);
  count.writeUInt32BE(list.length);
  return Buffer.concat([count, ...texts]);
}

async function compressed(
  deflate: ReturnType<typeof createDeflate>,
  plain: Buffer,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const collect = (chunk: Buffer): void => void chunks.push(chunk);
  deflate.on('data', collect);
  await new Promise<void>((resolve) => deflate.write(plain, () => deflate.flush(resolve)));
  deflate.off('data', collect);
  return Buffer.concat(chunks);
}
