import t from 'tap';
import { openEtcdStore } from '../../../src/store/open.ts';
import type { Store } from '../../../src/store/store.ts';
import { testConformance } from '../../unit/store/conformance.ts';
import { etcdMissing, startEtcd } from './etcd-server.ts';

t.setTimeout(110_000);

if (etcdMissing !== false) {
  t.test('the etcd driver', { skip: etcdMissing }, async () => {});
} else {
  const server = await startEtcd();
  t.teardown(() => server[Symbol.asyncDispose]());
  testConformance(t, async () => {
    const store = await openEtcdStore({ endpoints: [server.endpoint] });
    await empty(store);
    return store;
  });
}

/** The tests share a server: starting one costs seconds. */
async function empty(store: Store): Promise<void> {
  const { entries } = await store.list('/', { limit: 10_000 });
  let last = 0;
  for (const { key } of entries) last = (await store.delete(key)).deletedAt;
  await store.reached(last, AbortSignal.timeout(5_000));
}
