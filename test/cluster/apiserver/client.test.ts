import t from 'tap';
import { keyOf, nameOf, nameOfKey, type WatchEvent } from '../../../src/api/client/client.ts';
import { HttpClient } from '../../../src/api/client/http-client.ts';
import { resources } from '../../../src/api/client/resources.ts';
import { ApiError } from '../../../src/api/status.ts';
import type { ConfigMap } from '../../../src/api/types/generated/core-v1.ts';
import { ScratchServer } from './scratch-server.ts';

const { configMaps, deployments, pods } = resources;
const web = { namespace: 'default', name: 'web' };
const map: ConfigMap = { metadata: web, data: { a: '1' } };

/** Why a call was refused, as the server says. */
async function refusal(call: Promise<unknown>): Promise<string> {
  const outcome = await call.catch((error: unknown) => error);
  return outcome instanceof ApiError ? outcome.reason : 'none';
}

/** Both ways to the API: within the server's process, and by HTTP. */
const ways = {
  'in process': (server: ScratchServer) =>
    Object.assign(server.client('tester'), { [Symbol.asyncDispose]: async () => undefined }),
  'over HTTP': (server: ScratchServer) => new HttpClient({ server: server.url }, 'tester'),
};

for (const [name, open] of Object.entries(ways)) {
  t.test(`${name}: objects are made, read, changed and deleted`, async (t) => {
    await using server = await ScratchServer.start();
    await using client = open(server);
    const made = await client.create(configMaps, map);
    t.match(made, { kind: 'ConfigMap', metadata: { ...web, uid: /^[0-9a-f-]{36}$/ } });
    t.match(made.metadata.managedFields, [{ manager: 'tester', operation: 'Update' }]);
    t.same(await client.get(configMaps, web), made);
    t.equal(await refusal(client.create(configMaps, map)), 'AlreadyExists');

    const changed = await client.update(configMaps, { ...made, data: { a: '2' } });
    t.same(changed.data, { a: '2' });
    t.equal(await refusal(client.update(configMaps, { ...made, data: {} })), 'Conflict');
    const document = { data: { b: '3' } };
    const patched = await client.patch(configMaps, web, { type: 'merge', document });
    t.same(patched.data, { a: '2', b: '3' });

    const preconditions = { uid: 'another' };
    t.equal(await refusal(client.delete(configMaps, web, { preconditions })), 'Conflict');
    await client.delete(configMaps, web);
    t.equal(await refusal(client.get(configMaps, web)), 'NotFound');
  });

  t.test(`${name}: what is made gets defaults, and is refused as a request is`, async (t) => {
    await using server = await ScratchServer.start();
    await using client = open(server);
    const template = {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'web:1' }] },
    };
    const selector = { matchLabels: { app: 'web' } };
    const made = await client.create(deployments, { metadata: web, spec: { selector, template } });
    t.match(made.spec, { replicas: 1, strategy: { type: 'RollingUpdate' } });
    const status = { replicas: 1, observedGeneration: 1 };
    const updated = await client.updateStatus(deployments, { ...made, status });
    t.same(updated.status, status);
    t.equal(updated.metadata.generation, 1);
    const wrong = { metadata: { ...web, name: 'Web' }, spec: { containers: [] } };
    t.equal(await refusal(client.create(pods, wrong)), 'Invalid');
  });

  t.test(`${name}: a watch tells what came after a list`, async (t) => {
    await using server = await ScratchServer.start();
    await using client = open(server);
    await client.create(configMaps, map);
    const other = { metadata: { ...web, name: 'other', labels: { app: 'other' } } };
    const options = { namespace: 'default', labelSelector: 'app=other' };
    t.equal((await client.list(configMaps, { namespace: 'default' })).items.length, 1);
    const listed = await client.list(configMaps, options);
    t.same(listed.items, []);

    const ending = new AbortController();
    const watch = client.watch(configMaps, {
      ...options,
      resourceVersion: listed.resourceVersion,
      signal: ending.signal,
    });
    await client.create(configMaps, other);
    await client.delete(configMaps, nameOf(other));
    const seen: WatchEvent<ConfigMap>[] = [];
    for await (const batch of watch) {
      seen.push(...batch);
      if (seen.length >= 2) ending.abort();
    }
    t.match(seen, [
      { type: 'ADDED', object: other },
      { type: 'DELETED', object: other },
    ]);
  });
}

t.test('a key is a name and back', async (t) => {
  t.equal(keyOf(map), 'default/web');
  t.same(nameOfKey('default/web'), web);
  t.same(nameOfKey('host01'), { namespace: '', name: 'host01' });
  t.equal(keyOf({ metadata: { name: 'host01' } }), 'host01');
});
