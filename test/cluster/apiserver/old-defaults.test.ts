import t from 'tap';
import { ApiServer } from '../../../src/apiserver/server.ts';
import { openEmbeddedStore } from '../../../src/store/open.ts';

const sets = '/apis/apps/v1/namespaces/default/statefulsets';
const labels = { app: 'db' };
const set = {
  metadata: { name: 'db' },
  spec: {
    serviceName: 'db',
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'db', image: 'db' }] } },
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
      },
    ],
  },
};

t.test('what was stored with fewer defaults can be changed', async (t) => {
  await using store = await openEmbeddedStore(`${t.testdir()}/state.db`);
  await using server = await ApiServer.start({ store, host: '127.0.0.1', port: 0 });
  const ask = async (method: string, path: string, body: unknown) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { 'Content-Type': type };
    const answer = await fetch(server.url + path, { method, headers, body: JSON.stringify(body) });
    return { code: answer.status, text: await answer.text() };
  };
  t.match(await ask('POST', sets, set), { code: 201 });
  const key = '/registry/statefulsets/default/db';
  const { entry } = await store.get(key);
  const text = Buffer.from(entry?.value ?? []).toString();
  const fewer = text.replace('"kind":"PersistentVolumeClaim",', '');
  t.not(fewer, text);
  await store.update(key, Buffer.from(fewer), { expected: entry?.revision ?? 0 });
  t.match(await ask('PATCH', `${sets}/db`, { spec: { replicas: 2 } }), { code: 200 });
  const other = await ask('PATCH', `${sets}/db`, { spec: { serviceName: 'other' } });
  t.match(other, { code: 422, text: /updates to statefulset spec for fields other than/ });
});
