import t from 'tap';
import { ScratchServer } from './scratch-server.ts';

const folder = '/api/v1/namespaces/default/configmaps';
const named = (name: string, more = {}) => ({ metadata: { name, ...more } });
type Metadata = Record<string, unknown>;
const metadataOf = (body: Record<string, unknown>) => body['metadata'] as Metadata;

t.test('an object is stamped by the server, and keeps its stamps', async (t) => {
  await using server = await ScratchServer.start();
  const sent = named('a', {
    uid: 'mine',
    generation: 7,
    creationTimestamp: '2000-01-01T00:00:00Z',
  });
  const { status, body } = await server.request(`POST ${folder}`, sent);
  t.equal(status, 201);
  t.match(metadataOf(body), { name: 'a', namespace: 'default', uid: /^[0-9a-f-]{36}$/ });
  t.notOk(metadataOf(body)['generation']);
  const changed = {
    ...body,
    data: { x: 'y' },
    metadata: { ...metadataOf(body), creationTimestamp: null },
  };
  const { body: after } = await server.request(`PUT ${folder}/a`, changed);
  t.equal(metadataOf(after)['creationTimestamp'], metadataOf(body)['creationTimestamp']);
  t.not(metadataOf(after)['resourceVersion'], metadataOf(body)['resourceVersion']);
});

t.test('a change that leaves all as it was writes nothing', async (t) => {
  await using server = await ScratchServer.start();
  const { body } = await server.request(`POST ${folder}`, named('a'));
  const { body: same } = await server.request(
    `PATCH ${folder}/a`,
    { data: {} },
    { 'Content-Type': 'application/merge-patch+json' },
  );
  const { body: again } = await server.request(`PUT ${folder}/a`, same);
  t.equal(metadataOf(again)['resourceVersion'], metadataOf(same)['resourceVersion']);
  t.ok(body);
});

t.test('a stale revision is a conflict; none takes the newest', async (t) => {
  await using server = await ScratchServer.start();
  const { body } = await server.request(`POST ${folder}`, named('a'));
  await server.request(`PUT ${folder}/a`, { ...named('a'), data: { x: '1' } });
  const stale = await server.request(`PUT ${folder}/a`, { ...body, data: { x: '2' } });
  t.equal(stale.status, 409);
  t.match(stale.body['message'], /the object has been modified; please apply your changes/);
  t.equal((await server.request(`PUT ${folder}/a`, named('a'))).status, 200);
});

t.test('changes at the same time are all kept', async (t) => {
  await using server = await ScratchServer.start();
  await server.request(`POST ${folder}`, named('a'));
  const type = { 'Content-Type': 'application/merge-patch+json' };
  const keys = Array.from({ length: 8 }, (_, index) => `k${index}`);
  await Promise.all(
    keys.map((key) => server.request(`PATCH ${folder}/a`, { data: { [key]: 'x' } }, type)),
  );
  const { body } = await server.request(`GET ${folder}/a`);
  t.same(Object.keys(body['data'] as object).toSorted(), keys);
});

t.test('a list comes in pages of one revision', async (t) => {
  await using server = await ScratchServer.start();
  for (const name of ['a', 'b', 'c', 'd', 'e']) await server.request(`POST ${folder}`, named(name));
  const names: string[] = [];
  let token = '';
  let revision: unknown;
  do {
    const { body } = await server.request(`GET ${folder}?limit=2&continue=${token}`);
    const metadata = metadataOf(body);
    revision ??= metadata['resourceVersion'];
    t.equal(metadata['resourceVersion'], revision);
    const items = body['items'] as { metadata: { name: string } }[];
    names.push(...items.map((item) => item.metadata.name));
    if (token === '') {
      t.equal(metadata['remainingItemCount'], 3);
      await server.request(`DELETE ${folder}/e`);
    }
    token = (metadata['continue'] as string | undefined) ?? '';
  } while (token !== '');
  t.same(names, ['a', 'b', 'c', 'd', 'e'], 'what was deleted meanwhile is of that revision');
  t.equal((await server.request(`GET ${folder}?continue=nonsense`)).status, 400);
});

t.test('finalizers hold an object until the last has gone', async (t) => {
  await using server = await ScratchServer.start();
  await server.request(`POST ${folder}`, named('a', { finalizers: ['example.com/hold'] }));
  const { body } = await server.request(`DELETE ${folder}/a`);
  t.ok(metadataOf(body)['deletionTimestamp']);
  t.equal((await server.request(`GET ${folder}/a`)).status, 200);
  await server.request(`PUT ${folder}/a`, named('a'));
  t.equal((await server.request(`GET ${folder}/a`)).status, 404);
});

t.test('a pod on a node has time to end; preconditions and dry runs are heeded', async (t) => {
  await using server = await ScratchServer.start();
  const pods = '/api/v1/namespaces/default/pods';
  const spec = { nodeName: 'n1', containers: [{ name: 'a', image: 'x' }] };
  const { body } = await server.request(`POST ${pods}`, { ...named('p'), spec });
  t.match(body, {
    status: { phase: 'Pending', qosClass: 'BestEffort' },
    spec: { priority: 0, serviceAccountName: 'default' },
  });
  const wrong = await server.request(`DELETE ${pods}/p`, { preconditions: { uid: 'other' } });
  t.equal(wrong.status, 409);
  await server.request(`DELETE ${pods}/p`, { dryRun: ['All'] });
  t.equal(metadataOf((await server.request(`GET ${pods}/p`)).body)['deletionTimestamp'], undefined);
  await server.request(`DELETE ${pods}/p`);
  t.equal(
    metadataOf((await server.request(`GET ${pods}/p`)).body)['deletionGracePeriodSeconds'],
    30,
  );
  await server.request(`DELETE ${pods}/p`, { gracePeriodSeconds: 0 });
  t.equal((await server.request(`GET ${pods}/p`)).status, 404);
});

t.test('status is its own: neither changes the other', async (t) => {
  await using server = await ScratchServer.start();
  const pods = '/api/v1/namespaces/default/pods';
  const spec = { containers: [{ name: 'a', image: 'x' }] };
  await server.request(`POST ${pods}`, { ...named('p'), spec, status: { phase: 'Running' } });
  const type = { 'Content-Type': 'application/strategic-merge-patch+json' };
  const conditions = [{ type: 'Ready', status: 'True' }];
  await server.request(
    `PATCH ${pods}/p/status`,
    { spec: { nodeName: 'x' }, status: { phase: 'Running', conditions } },
    type,
  );
  const { body } = await server.request(`GET ${pods}/p`);
  t.match(body, { status: { phase: 'Running', conditions } });
  t.notMatch(body, { spec: { nodeName: 'x' } });
  await server.request(`PATCH ${pods}/p`, { status: { phase: 'Failed' } }, type);
  t.match((await server.request(`GET ${pods}/p`)).body, { status: { phase: 'Running' } });
});

t.test('what may not change is refused', async (t) => {
  await using server = await ScratchServer.start();
  const type = { 'Content-Type': 'application/merge-patch+json' };
  await server.request(`POST ${folder}`, { ...named('a'), immutable: true, data: { x: '1' } });
  const { status, body } = await server.request(`PATCH ${folder}/a`, { data: { x: '2' } }, type);
  t.equal(status, 422);
  t.match(
    body['message'],
    'ConfigMap "a" is invalid: data: Forbidden: field is immutable when `immutable` is set',
  );
});

t.test('bad input is refused with a clear status, and nothing is kept', async (t) => {
  await using server = await ScratchServer.start();
  const deep = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
  const cases: [string, unknown, number][] = [
    [`POST ${folder}`, '{', 400],
    [`POST ${folder}`, '[]', 400],
    [`POST ${folder}`, deep, 400],
    [`POST ${folder}`, { ...named('a'), kind: 'Nothing', apiVersion: 'v9' }, 400],
    [`POST ${folder}`, named('a', { namespace: 'other' }), 400],
    [`POST ${folder}`, named('a', { resourceVersion: '5' }), 400],
    [`POST ${folder}`, named('../x'), 422],
    [`POST ${folder}`, { ...named('a'), data: 5 }, 400],
    [`POST ${folder}?fieldValidation=Strict`, { ...named('a'), more: 1 }, 400],
    [`POST ${folder}?dryRun=Some`, named('a'), 422],
    [`POST ${folder}`, ' '.repeat(3 * 1024 * 1024 + 1), 413],
    [`GET ${folder}?labelSelector=a%3D%3D%3D`, undefined, 400],
    [`GET ${folder}?fieldSelector=data.x%3D1`, undefined, 400],
    [`GET ${folder}?limit=many`, undefined, 400],
    [`GET /api/v1/nothings`, undefined, 404],
    [`GET /api/v1/namespaces/default/configmaps/a/b`, undefined, 404],
    [`GET /api/v1/%ff`, undefined, 404],
    [`PATCH ${folder}/a`, '{}', 415],
  ];
  for (const [line, body, expected] of cases) {
    const { status, body: answer } = await server.request(line, body);
    t.equal(status, expected, line);
    t.match(answer, { kind: 'Status', status: 'Failure', code: expected });
  }
  const { body } = await server.request(`GET ${folder}`);
  t.same(body['items'], []);
});

t.test('a field twice is told', async (t) => {
  await using server = await ScratchServer.start();
  const text = '{"metadata":{"name":"a"},"data":{"x":"1","x":"2"}}';
  const { headers } = await server.request(`POST ${folder}`, text);
  t.match(headers.get('warning'), /299 - "duplicate field \\"data.x\\""/);
});

t.test('services get addresses and ports, each once', async (t) => {
  await using server = await ScratchServer.start();
  const services = '/api/v1/namespaces/default/services';
  const spec = { type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] };
  const { body } = await server.request(`POST ${services}`, { ...named('a'), spec });
  t.match(body, { spec: { clusterIP: /^10\.96\./, ports: [{ nodePort: 30_080 }] } });
  const second = await server.request(`POST ${services}`, { ...named('b'), spec });
  t.match(
    second.body['message'],
    /spec.ports\[0\].nodePort: Invalid value: 30080: provided port is already allocated/,
  );
  await server.request(`DELETE ${services}/a`);
  t.equal((await server.request(`POST ${services}`, { ...named('b'), spec })).status, 201);
  const headless = await server.request(`POST ${services}`, {
    ...named('h'),
    spec: { clusterIP: 'None' },
  });
  t.match(headless.body, { spec: { clusterIP: 'None', clusterIPs: ['None'] } });
});
