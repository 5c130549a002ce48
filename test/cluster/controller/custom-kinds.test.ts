/** Objects of kinds that definitions make own, are owned, and go with their namespace. */
import t from 'tap';
import { runControllers } from '../../../src/controller/run-controllers.ts';
import { until } from '../../until.ts';
import { definition, objectOf } from '../apiserver/custom-objects.ts';
import { ScratchServer } from '../apiserver/scratch-server.ts';

t.setTimeout(600_000);

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const samples = '/apis/example.com/v1/namespaces/default/samples';
const maps = '/api/v1/namespaces/default/configmaps';

t.test('owners and namespaces of custom kinds are like all others', async (t) => {
  await using server = await ScratchServer.start();
  const ending = new AbortController();
  const running = runControllers(server.client('controllers'), { signal: ending.signal });
  await using _ = {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await running;
    },
  };
  const is = async (path: string) => (await server.request(`GET ${path}`)).status === 200;
  const owned = async (name: string, owner: string) => {
    const { body } = await server.request(`POST ${samples}`, objectOf(owner));
    const { uid } = body['metadata'] as { uid: string };
    const reference = { apiVersion: 'example.com/v1', kind: 'Sample', name: owner, uid };
    const metadata = { name, ownerReferences: [reference] };
    await server.request(`POST ${maps}`, { metadata });
    return reference;
  };
  await server.request(`POST ${definitions}`, definition());
  const first = await owned('of-first', 'first');
  await server.request(`POST ${samples}`, objectOf('child', {}, { ownerReferences: [first] }));
  await owned('of-second', 'second');

  await server.request(`DELETE ${samples}/first`);
  await until(async () => !(await is(`${maps}/of-first`)) && !(await is(`${samples}/child`)));
  t.ok(await is(`${maps}/of-second`), 'whose owner is there');

  await server.request('POST /api/v1/namespaces', { metadata: { name: 'blue' } });
  const inside = samples.replace('default', 'blue');
  t.equal((await server.request(`POST ${inside}`, objectOf('a'))).status, 201);
  await server.request('DELETE /api/v1/namespaces/blue');
  await until(async () => !(await is('/api/v1/namespaces/blue')));
  t.notOk(await is(`${inside}/a`));

  await server.request(`DELETE ${definitions}/samples.example.com`);
  await until(async () => !(await is(`${maps}/of-second`)));
  t.notOk(await is(`${samples}/second`), 'owners go with their kind');
  await until(async () => !(await is(`${definitions}/samples.example.com`)));
});
