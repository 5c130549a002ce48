/** What coordinators over one etcd have in common, and what each asks the others before it does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Answer, CoordinatorProcess } from '../security/coordinator-process.ts';
import { eventually } from '../security/shared-coordinator.ts';
import { etcdMissing } from '../store/etcd-server.ts';
import { startEtcdInMemory, storeOf } from './etcd-in-memory.ts';

t.setTimeout(180_000);

const core = '/api/v1/namespaces/default';

t.test('coordinators that share a store are one cluster', { skip: etcdMissing }, async (t) => {
  await using etcd = await startEtcdInMemory();
  const flags = ['--store', storeOf(etcd)];
  const started = await Promise.all([
    CoordinatorProcess.start(flags),
    CoordinatorProcess.start(flags),
  ]);
  await using one = started[0];
  await using two = started[1];

  t.equal(one.authority, two.authority, 'two that start at once have one authority');
  const keys = [one, two].map(({ folder }) =>
    readFileSync(join(folder, 'root/service-account.pem')),
  );
  t.same(keys[0], keys[1], 'and the same keys of tokens');
  const { certificate: cert, key } = one;
  t.equal((await two.request('GET /api/v1/nodes', { cert, key })).status, 200);
  const made = await post(one, `${core}/serviceaccounts/default/token`, { spec: {} });
  const { status } = JSON.parse(made.text) as { status: { token: string } };
  const headers = { Authorization: `Bearer ${status.token}` };
  t.equal(
    (await two.request('GET /api/v1/nodes', { headers })).status,
    403,
    'it knows the account',
  );

  await t.test('services get addresses and ports of their own, whoever is asked', async (t) => {
    const both = [one, two];
    const asked = Array.from({ length: 24 }, (_, index) =>
      post(both[index % 2] ?? one, `${core}/services`, service(`any-${index}`)),
    );
    const specs = (await Promise.all(asked)).map(({ text }) => {
      return (JSON.parse(text) as { spec: { clusterIP: string; ports: { nodePort: number }[] } })
        .spec;
    });
    t.equal(new Set(specs.map(({ clusterIP }) => clusterIP)).size, 24);
    t.equal(new Set(specs.map(({ ports }) => ports[0]?.nodePort)).size, 24);
    const wanted = Array.from({ length: 10 }, (_, index) =>
      post(both[index % 2] ?? one, `${core}/services`, service(`one-${index}`, 31_999)),
    );
    const codes = (await Promise.all(wanted))
      .map((answer) => answer.status)
      .toSorted((a, b) => a - b);
    t.same(codes, [201, ...Array.from({ length: 9 }, () => 422)], 'one port has one owner');
  });

  await t.test('a quota is exact, whoever is asked', async (t) => {
    const hard = { 'count/secrets': '7' };
    await post(one, `${core}/resourcequotas`, { metadata: { name: 'few' }, spec: { hard } });
    // The other hears of it by a watch.
    const isKnown = async (by: CoordinatorProcess) => {
      const quota = await by.asAdmin(`GET ${core}/resourcequotas/few`);
      return quota.text.includes('"used":{"count/secrets":"0"}');
    };
    t.ok(await eventually(async () => (await isKnown(one)) && (await isKnown(two))));
    const asked = Array.from({ length: 40 }, (_, index) =>
      post([one, two][index % 2] ?? one, `${core}/secrets`, { metadata: { name: `s-${index}` } }),
    );
    const codes = (await Promise.all(asked)).map((answer) => answer.status);
    t.equal(codes.filter((code) => code === 201).length, 7);
    t.equal(codes.filter((code) => code === 403).length, 33);
  });

  await t.test('each explains what whoever leads has decided', async (t) => {
    const status = { allocatable: { cpu: '4', memory: '8Gi', pods: '10' } };
    await post(one, '/api/v1/nodes', { metadata: { name: 'host01' }, spec: {}, status });
    const spec = { containers: [{ name: 'main', image: 'web' }] };
    t.ok(
      await eventually(async () => {
        const made = await post(two, `${core}/pods`, { metadata: { name: 'web' }, spec });
        return made.status === 201;
      }),
    );
    const path = 'GET /debug/scheduler/decisions/default/web';
    const told = [one, two].map((by) =>
      eventually(async () => (await by.asAdmin(path)).text.includes('"nodeName":"host01"')),
    );
    t.same(await Promise.all(told), [true, true]);
  });

  await t.test('a folder of another cluster is refused', async (t) => {
    const alone = await CoordinatorProcess.start();
    await alone.stop();
    const wrong = CoordinatorProcess.start(flags, alone.folder);
    await t.rejects(wrong, /is of another cluster: its certificate authority differs/);
  });
});

function post(by: CoordinatorProcess, path: string, object: object): Promise<Answer> {
  return by.asAdmin(`POST ${path}`, JSON.stringify(object));
}

function service(name: string, nodePort?: number): object {
  return {
    metadata: { name },
    spec: { type: 'NodePort', ports: [{ port: 80, ...(nodePort && { nodePort }) }] },
  };
}
