/** Watches in number, and readers that do not keep up. */
import { join } from 'node:path';
import t from 'tap';
import { SlowReaderError } from '../../../src/store/error.ts';
import { openEmbeddedStore } from '../../../src/store/open.ts';
import { bytes, openedFor, refusal, take, temporaryFolder } from './opening.ts';

t.test('a thousand watches each have all of their own changes and no other', async (t) => {
  const store = await opened(t);
  const after = store.revision;
  const names = Array.from({ length: 1_000 }, (_, index) => `/registry/pods/n${index}`);
  const watches = names.map((name) => take(store.watch(`${name}/`, { after }), 3));
  for (const round of ['a', 'b', 'c']) {
    await Promise.all(names.map((name) => store.create(`${name}/${round}`, bytes(round))));
  }
  for (const [index, changes] of (await Promise.all(watches)).entries()) {
    const keys = changes.map(({ key }) => key);
    const expected = ['a', 'b', 'c'].map((round) => `${names[index]}/${round}`);
    if (keys.join() !== expected.join()) t.same(keys, expected);
  }
  t.equal((await store.statistics()).watches, 0);
});

t.test('a thousand watches of one prefix share the memory of its changes', async (t) => {
  const store = await opened(t);
  const after = store.revision;
  const watches = Array.from({ length: 1_000 }, () => take(store.watch('/big/', { after }), 20));
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < 20; index++) await store.create(`/big/${index}`, new Uint8Array(1e6));
  const all = await Promise.all(watches);
  t.ok(all.every((changes) => changes.length === 20));
  const grownBytes = process.memoryUsage().arrayBuffers - before;
  t.ok(grownBytes < 200e6, `${grownBytes} bytes for 20 GB told`);
});

t.test('a reader that stops is ended with the revision to go on from, others go on', async (t) => {
  const store = await opened(t);
  await store.create('/a/first', bytes('x'));
  const slow = store.watch('/a/', { after: 1 })[Symbol.asyncIterator]();
  const seen = (await slow.next()).value ?? [];
  // It is following now, and its reader goes to sleep.
  const pending = slow.next();
  const fast = take(store.watch('/a/', { after: store.revision }), 60);
  const value = new Uint8Array(1_000_000);
  for (let index = 0; index < 60; index++) await store.create(`/a/${index}`, value);
  t.equal((await fast).length, 60);
  seen.push(...((await pending).value ?? []));
  const error = await refusal(slow.next());
  t.ok(error instanceof SlowReaderError);
  if (!(error instanceof SlowReaderError)) return;
  t.match(error.message, /^Watch of "\/a\/" ended: its reader is \d+ changes of \d+ bytes behind/);
  t.equal(error.revision, seen.at(-1)?.revision);
  const rest = await take(store.watch('/a/', { after: error.revision }), 61 - seen.length);
  t.same(
    [...seen, ...rest].map(({ key }) => key),
    ['/a/first', ...Array.from({ length: 60 }, (_, index) => `/a/${index}`)],
  );
});

t.test('a reader that is slow while it catches up is not hurried', async (t) => {
  const store = await opened(t);
  const value = new Uint8Array(1_000_000);
  for (let index = 0; index < 20; index++) await store.create(`/a/${index}`, value);
  const reader = store.watch('/a/', { after: 1 })[Symbol.asyncIterator]();
  const seen = [...((await reader.next()).value ?? [])];
  for (let index = 20; index < 150; index++) await store.create(`/a/${index}`, value);
  while (seen.length < 150) seen.push(...((await reader.next()).value ?? []));
  t.same(
    seen.map(({ key }) => key),
    Array.from({ length: 150 }, (_, index) => `/a/${index}`),
  );
  await reader.return?.();
});

function opened(t: Parameters<typeof temporaryFolder>[0]) {
  return openedFor(t, async (t) => openEmbeddedStore(join(await temporaryFolder(t), 'store.db')));
}
