import t from 'tap';
import { resources } from '../../../../src/api/client/resources.ts';
import { SharedInformers } from '../../../../src/api/client/shared-informers.ts';
import { createApi } from '../../../../src/apiserver/api.ts';
import { LocalClient } from '../../../../src/apiserver/local-client.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { openEmbeddedStore } from '../../../../src/store/open.ts';
import { openedFor, temporaryFolder } from '../../store/opening.ts';

t.test('one cache serves all, with what each of them wants', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openedFor(t, () => openEmbeddedStore(`${folder}/store.db`));
  const client = new LocalClient(createApi({ store }), 'test');
  await client.create(resources.namespaces, {
    metadata: { name: 'blue', labels: { color: 'blue' } },
    spec: { finalizers: ['kubernetes'] },
  });
  const onError = (what: string, error: unknown) => t.fail(`${what}: ${String(error)}`);
  const shared = new SharedInformers({ client, clock: systemClock, onError });
  const names = shared.informer(resources.namespaces, {
    keep: ({ metadata, ...rest }) => ({ ...rest, metadata, spec: {} }),
  });
  const whole = shared.informer(resources.namespaces, {
    indexes: { color: ({ metadata }) => [metadata.labels?.['color'] ?? ''] },
  });
  t.equal(names, whole);
  const stop = new AbortController();
  const running = shared.run(stop.signal);
  await whole.synced;
  t.equal(whole.find('color', 'blue')[0]?.metadata.name, 'blue');
  t.same(names.get('', 'blue')?.spec?.finalizers, ['kubernetes'], 'whole, as one of them wants it');
  whole.widen({ indexes: { late: ({ metadata }) => [metadata.name] } });
  t.equal(whole.find('late', 'blue').length, 1, 'an index may come later');
  stop.abort();
  await running;
});
