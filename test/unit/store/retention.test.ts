import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedStore } from '../../../src/store/open.ts';
import { boundHistory, keepHistoryBounded } from '../../../src/store/retention.ts';
import { bytes, openedFor, refusal, sleep, temporaryFolder, text } from './opening.ts';

const day = 86_400_000;

t.test('history older than its age goes, what was the state then stays', async (t) => {
  const store = await opened(t);
  let expected = await store.create('/a/x', bytes('0'));
  const first = expected;
  for (let index = 1; index < 50; index++) {
    expected = await store.update('/a/x', bytes(`${index}`), { expected });
  }
  await boundHistory(store, { ageMs: day, bytes: 1e9 });
  t.equal(text((await store.get('/a/x', { revision: first })).entry?.value), '0');
  await sleep(3_200);
  await store.update('/a/x', bytes('young'), { expected });
  await boundHistory(store, { ageMs: 3_000, bytes: 1e9 });
  t.match(await refusal(store.get('/a/x', { revision: first })), { message: /no longer known/ });
  t.equal(text((await store.get('/a/x', { revision: expected })).entry?.value), '49');
  t.equal((await store.history('/a/x')).length, 2);
  t.match(await refusal(store.revisionAt(Date.now() - day)), { message: /no longer known/ });
});

t.test('history larger than its bound goes, oldest first, and the file shrinks', async (t) => {
  const store = await opened(t);
  let expected = await store.create('/a/x', bytes(''));
  for (let index = 1; index <= 400; index++) {
    expected = await store.update('/a/x', new Uint8Array(50_000), { expected });
  }
  const large = await store.statistics();
  t.equal(large.historyBytes, 399 * 50_000);
  await sleep(50);
  await boundHistory(store, { ageMs: day, bytes: 5_000_000 }, 20);
  const small = await store.statistics();
  t.ok((small.historyBytes ?? 0) <= 5_000_000, `${small.historyBytes} bytes of history`);
  t.ok((small.historyBytes ?? 0) > 2_000_000, `${small.historyBytes} bytes of history`);
  t.ok(small.databaseBytes < 7_000_000, `${small.databaseBytes} bytes`);
});

t.test('what is younger than some minutes stays, however large', async (t) => {
  const store = await opened(t);
  let expected = await store.create('/a/x', bytes(''));
  const first = expected;
  for (let index = 1; index <= 20; index++) {
    expected = await store.update('/a/x', new Uint8Array(50_000), { expected });
  }
  await boundHistory(store, { ageMs: day, bytes: 1_000 });
  t.equal((await store.get('/a/x', { revision: first })).entry?.revision, first);
});

t.test('it goes on by itself, writes nothing when idle, and says why it cannot', async (t) => {
  const store = await opened(t);
  const expected = await store.create('/a/x', bytes('1'));
  await store.update('/a/x', bytes('2'), { expected });
  const warnings: unknown[] = [];
  const log = { warn: (words: unknown) => warnings.push(words) };
  using _ = keepHistoryBounded(store, { ageMs: 1, bytes: 1e9, log, intervalMs: 20 });
  const forgotten = async () => (await store.statistics()).oldestRevision === expected + 1;
  for (let wait = 0; wait < 200 && !(await forgotten()); wait++) await sleep(50);
  t.equal((await store.statistics()).oldestRevision, expected + 1);
  await store[Symbol.asyncDispose]();
  for (let wait = 0; wait < 200 && warnings.length === 0; wait++) await sleep(50);
  t.match(warnings[0], 'Cannot forget old history: The store is closed');
});

function opened(t: Parameters<typeof temporaryFolder>[0]) {
  return openedFor(t, async (t) => openEmbeddedStore(join(await temporaryFolder(t), 'store.db')));
}
