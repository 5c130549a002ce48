import { Readable } from 'node:stream';
import t from 'tap';
import { sizeText, windowSizes, type WindowSize } from '../../../src/stream/window-size.ts';

async function sizes(...chunks: readonly string[]): Promise<WindowSize[]> {
  const found: WindowSize[] = [];
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
  for await (const size of windowSizes(stream)) found.push(size);
  return found;
}

t.test('sizes follow each other, however they are cut', async (t) => {
  const two = sizeText({ columns: 80, rows: 24 }) + sizeText({ columns: 132, rows: 50 });
  const expected = [
    { columns: 80, rows: 24 },
    { columns: 132, rows: 50 },
  ];
  t.equal(sizeText({ columns: 80, rows: 24 }), '{"Width":80,"Height":24}\n');
  t.same(await sizes(two), expected);
  t.same(await sizes(...two.split('')), expected);
});

t.test('what is no size is left out, and what follows is not', async (t) => {
  const good = sizeText({ columns: 1, rows: 2 });
  const bad = ['{}', '}', 'null}', '{"Width":0,"Height":0}', '{"Width":-1,"Height":5}'];
  bad.push('{"Width":70000,"Height":5}', '{"Width":"1","Height":"2"}', '{"Width":1.5,"Height":2}');
  for (const text of bad) t.same(await sizes(text, good), [{ columns: 1, rows: 2 }], text);
});

t.test('a text without end is not kept', async (t) => {
  t.same(await sizes(...Array.from({ length: 1000 }, () => '{'.repeat(100)), '}'), []);
});
