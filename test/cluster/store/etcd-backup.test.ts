/** Backups of etcd, made and brought back while others write; also into the other driver. */
import { join } from 'node:path';
import t from 'tap';
import { openEmbeddedStore, openEtcdStore } from '../../../src/store/open.ts';
import { restoreBackup } from '../../../src/store/restore.ts';
import type { Store } from '../../../src/store/store.ts';
import { bytes, openedFor, take, temporaryFolder, text } from '../../unit/store/opening.ts';
import { etcdMissing, startEtcd } from './etcd-server.ts';

const skip = etcdMissing;

t.setTimeout(110_000);

t.test('a backup of etcd made among writes is one state', { skip }, async (t) => {
  await using etcd = await startEtcd();
  const folder = await temporaryFolder(t);
  const store = await openedFor(t, () => openEtcdStore({ endpoints: [etcd.endpoint] }));
  let [a, b] = [
    await store.create('/pairs/a', bytes('0')),
    await store.create('/pairs/b', bytes('0')),
  ];
  for (let index = 0; index < 1200; index += 100) {
    const keys = Array.from({ length: 100 }, (_, key) => `/many/${index + key}`);
    await Promise.all(keys.map((key) => store.create(key, bytes('x'))));
  }
  const end = new AbortController();
  const writing = (async () => {
    for (let round = 1; !end.signal.aborted; round++) {
      a = await store.update('/pairs/a', bytes(`${round}`), { expected: a });
      b = await store.update('/pairs/b', bytes(`${round}`), { expected: b });
    }
  })();
  const backup = await store.backup(join(folder, 'backup.db'));
  end.abort();
  await writing;
  t.ok(backup.sizeBytes > 0);
  const copy = await openedFor(t, () => openEmbeddedStore(join(folder, 'backup.db')));
  const [inA, inB] = (await copy.list('/pairs/')).entries.map(({ value }) => Number(text(value)));
  t.ok(inA === inB || inA === (inB ?? 0) + 1, `${inA} and ${inB}`);
  t.equal(await copy.count('/many/'), 1200);
});

t.test('a backup is brought back into a running etcd, and into another', { skip }, async (t) => {
  await using etcd = await startEtcd();
  const folder = await temporaryFolder(t);
  const path = join(folder, 'backup.db');
  const store = await openedFor(t, () => openEtcdStore({ endpoints: [etcd.endpoint] }));
  const changed = await store.create('/registry/a/changed', bytes('old'));
  await store.create('/registry/a/kept', bytes('same'));
  await store.create('/registry/a/removed', bytes('was here'));
  const before = await stateOf(store);
  await store.backup(path);
  await store.update('/registry/a/changed', bytes('new'), { expected: changed });
  await store.delete('/registry/a/removed');
  const added = await store.create('/registry/a/added', bytes('added'));
  await store.reached(added, AbortSignal.timeout(10_000));
  // Another coordinator's watch sees it happen.
  const other = await openedFor(t, () => openEtcdStore({ endpoints: [etcd.endpoint] }));
  const seen = take(other.watch('/', { after: added }), 3);
  t.same(await restoreBackup(store, path), { created: 1, updated: 1, deleted: 1 });
  t.same(await stateOf(store), before);
  t.same((await seen).map(({ key }) => key).toSorted(), [
    '/registry/a/added',
    '/registry/a/changed',
    '/registry/a/removed',
  ]);
  await using second = await startEtcd();
  const fresh = await openedFor(t, () => openEtcdStore({ endpoints: [second.endpoint] }));
  t.same(await restoreBackup(fresh, path), { created: 3, updated: 0, deleted: 0 });
  t.same(await stateOf(fresh), before);
});

async function stateOf(store: Store): Promise<string[]> {
  const { entries } = await store.list('/registry/', { limit: 10_000 });
  return entries.map(({ key, value }) => `${key}=${text(value)}`);
}
