import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedStore } from '../../../src/store/open.ts';
import { restoreBackup } from '../../../src/store/restore.ts';
import type { Store } from '../../../src/store/store.ts';
import { bytes, openedFor, refusal, take, temporaryFolder, text } from './opening.ts';

t.test('a backup made among writes is one state, with its history', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openedFor(t, () => openEmbeddedStore(join(folder, 'store.db')));
  const first = await store.create('/pairs/a', bytes('0'));
  let [a, b] = [first, await store.create('/pairs/b', bytes('0'))];
  const end = new AbortController();
  // Whoever sees one state sees a equal to b, or ahead of it by one.
  const writing = (async () => {
    for (let round = 1; !end.signal.aborted; round++) {
      a = await store.update('/pairs/a', bytes(`${round}`), { expected: a });
      b = await store.update('/pairs/b', bytes(`${round}`), { expected: b });
    }
  })();
  const backup = await store.backup(join(folder, 'backup.db'));
  end.abort();
  await writing;
  t.ok(backup.revision <= store.revision && backup.sizeBytes > 0);
  const copy = await openedFor(t, () => openEmbeddedStore(join(folder, 'backup.db')));
  const [inA, inB] = (await copy.list('/pairs/')).entries.map(({ value }) => Number(text(value)));
  t.ok(inA === inB || inA === (inB ?? 0) + 1, `${inA} and ${inB}`);
  t.equal(text((await copy.get('/pairs/a', { revision: first })).entry?.value), '0');
});

t.test('restoring brings the state back under new revisions, and watches see it', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openedFor(t, () => openEmbeddedStore(join(folder, 'store.db')));
  const kept = await store.create('/registry/a/kept', bytes('same'));
  const changed = await store.create('/registry/a/changed', bytes('old'));
  await store.create('/registry/a/removed', bytes('was here'));
  for (let index = 0; index < 1_500; index++)
    await store.create(`/registry/b/${index}`, bytes('x'));
  const before = await stateOf(store);
  await store.backup(join(folder, 'backup.db'));
  await store.update('/registry/a/changed', bytes('new'), { expected: changed });
  await store.delete('/registry/a/removed');
  for (let index = 0; index < 1_500; index += 2) await store.delete(`/registry/b/${index}`);
  await store.create('/registry/a/added', bytes('added'));
  const { revision } = store;
  const done = await restoreBackup(store, join(folder, 'backup.db'));
  t.same(done, { created: 751, updated: 1, deleted: 1 });
  t.same(await stateOf(store), before);
  t.equal((await store.get('/registry/a/kept')).entry?.revision, kept);
  const changes = await take(store.watch('/', { after: revision }), 753);
  t.equal(changes.length, 753);
  t.ok(changes.every((change) => change.revision > revision));
  t.same(await restoreBackup(store, join(folder, 'backup.db')), {
    created: 0,
    updated: 0,
    deleted: 0,
  });
});

t.test('the key of a session is in no restoration', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openedFor(t, () => openEmbeddedStore(join(folder, 'store.db')));
  const session = await store.openSession({ timeToLiveSeconds: 5 });
  await store.create('/keelson/leader', bytes('me'), { session });
  await store.backup(join(folder, 'backup.db'));
  await session[Symbol.asyncDispose]();
  t.match(await restoreBackup(store, join(folder, 'backup.db')), { created: 0 });
});

t.test('no backup is written over another file, no other file is restored', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openedFor(t, () => openEmbeddedStore(join(folder, 'store.db')));
  const path = join(folder, 'precious');
  await writeFile(path, 'precious');
  t.match(await refusal(store.backup(path)), { message: /precious" exists already/ });
  t.match(await refusal(restoreBackup(store, path)), { message: /is not an SQLite database/ });
  const missing = join(folder, 'none', 'backup.db');
  t.match(await refusal(store.backup(missing)), { kind: 'unavailable' });
  t.match(await refusal(restoreBackup(store, missing)), { message: /cannot be opened/ });
});

async function stateOf(store: Store): Promise<string[]> {
  const { entries } = await store.list('/', { limit: 10_000 });
  return entries.map(({ key, value }) => `${key}=${text(value)}`);
}
