import { resources } from '../../src/api/client/resources.ts';
import type { ApiObject } from '../../src/api/client/resources.ts';
import type { Resource } from '../../src/api/client/resources.ts';
import { ApiError } from '../../src/api/status.ts';
import { simulate } from './seeds.ts';
import type { AnyObject, World } from './world.ts';

function deploymentIn(namespace: string, name: string) {
  const labels = { app: name };
  return {
    metadata: { namespace, name },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'web:1' }] } },
    },
  };
}

async function tryDelete<T extends ApiObject>(
  world: World,
  resource: Resource<T>,
  options: { name: string; policy: 'Background' | 'Foreground' | 'Orphan' },
): Promise<void> {
  const name = { namespace: 'default', name: options.name };
  await world.client.delete(resource, name, { propagationPolicy: options.policy });
}

async function isGone(world: World, resource: Resource<ApiObject>, name: string): Promise<boolean> {
  try {
    await world.client.get(resource, { namespace: 'default', name });
    return false;
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'NotFound') return true;
    throw error;
  }
}

async function ofDefault(world: World, resource: Resource<ApiObject>): Promise<AnyObject[]> {
  const listed = await world.list(resource);
  return listed.filter(({ metadata }) => metadata.namespace === 'default');
}

const sets = resources.replicaSets as Resource<ApiObject>;
const pods = resources.pods as Resource<ApiObject>;
const deployments = resources.deployments as Resource<ApiObject>;

simulate('nothing of a deleted owner remains, and what is let go stays', async (world) => {
  const { random } = world;
  const policies = { a: 'Background', b: 'Foreground', c: 'Orphan' } as const;
  for (const name of Object.keys(policies)) {
    await world.client.create(resources.deployments, deploymentIn('default', name));
  }
  await world.clock.pass(random.below(15_000));
  for (const [name, policy] of Object.entries(policies)) {
    await tryDelete(world, resources.deployments, { name, policy });
    await world.clock.pass(random.below(2000));
  }
  const done = await world.until(async () => {
    for (const name of Object.keys(policies)) {
      if (!(await isGone(world, deployments, name))) return false;
    }
    const left = [...(await ofDefault(world, sets)), ...(await ofDefault(world, pods))];
    return left.every(({ metadata }) => metadata.labels?.['app'] === 'c');
  }, 300_000);
  if (!done) {
    const left = [...(await ofDefault(world, sets)), ...(await ofDefault(world, pods))];
    world.fail(`what is left: ${left.map(({ metadata }) => metadata.name).join(' ')}`);
  }
  // The orphaned set, where it was made in time, lives on by itself.
  await world.clock.pass(30_000);
  for (const set of await ofDefault(world, sets)) {
    if (set.metadata.ownerReferences !== undefined) world.fail('an orphan has an owner');
    const count = (await ofDefault(world, pods)).length;
    if (count !== 3) world.fail(`${count} pods of an orphaned set of 3`);
  }
});

simulate('a foreground deletion ends with the owner', async (world) => {
  await world.client.create(resources.deployments, deploymentIn('default', 'web'));
  await world.until(async () => (await ofDefault(world, pods)).length === 3, 120_000);
  let left: string[] | undefined;
  const alive = new Map<string, AnyObject>();
  world.observers.push(({ prefix, now, before }) => {
    const uid = now?.metadata.uid ?? before?.metadata.uid ?? '';
    if (prefix === '/registry/pods/' || prefix === '/registry/replicasets/') {
      if (now === undefined) alive.delete(uid);
      else alive.set(uid, now);
    }
    if (prefix === '/registry/deployments/' && now === undefined) left = [...alive.keys()];
  });
  await tryDelete(world, resources.deployments, { name: 'web', policy: 'Foreground' });
  const done = await world.until(async () => left !== undefined, 300_000);
  if (!done) world.fail('the deployment is still there');
  if (left?.length !== 0) world.fail(`the deployment went before ${left?.length} of its own`);
});

simulate('what has several owners stays until the last one is gone', async (world) => {
  const { client, random } = world;
  const owners: AnyObject[] = [];
  for (const name of ['x', 'y']) {
    owners.push(
      await client.create(resources.configMaps, { metadata: { namespace: 'default', name } }),
    );
  }
  const ownerReferences = owners.map(({ metadata }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: metadata.name,
    uid: metadata.uid,
  }));
  const never = { apiVersion: 'v1', kind: 'Secret', name: 'never', uid: 'never' };
  const metadata = {
    namespace: 'default',
    name: 'child',
    ownerReferences: [...ownerReferences, never],
  };
  await client.create(resources.configMaps, { metadata });
  await world.clock.pass(20_000);
  await tryDelete(world, resources.configMaps, { name: 'x', policy: 'Background' });
  await world.clock.pass(10_000 + random.below(20_000));
  const maps = resources.configMaps as Resource<ApiObject>;
  if (await isGone(world, maps, 'child')) world.fail('it went with its first owner');
  await tryDelete(world, resources.configMaps, { name: 'y', policy: 'Background' });
  const done = await world.until(async () => await isGone(world, maps, 'child'), 120_000);
  if (!done) world.fail('it outlived its owners');
});

simulate(
  'a deleted namespace ends with all that is in it; others have their accounts',
  async (world) => {
    const { client, random } = world;
    await client.create(resources.namespaces, { metadata: { name: 'blue' }, spec: {} });
    await client.create(resources.deployments, deploymentIn('blue', 'web'));
    await client.create(resources.services, {
      metadata: { namespace: 'blue', name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    });
    await world.clock.pass(random.below(20_000));
    await client.delete(resources.namespaces, { namespace: '', name: 'blue' });
    const gone = await world.until(async () => {
      const namespaces = await world.list(resources.namespaces);
      return !namespaces.some(({ metadata }) => metadata.name === 'blue');
    }, 300_000);
    if (!gone) world.fail('the namespace is still there');
    await world.clock.pass(20_000);
    for (const resource of Object.values(resources) as Resource<ApiObject>[]) {
      if (!resource.kind.namespaced || resource.kind.kind === 'Binding') continue;
      const left = (await world.list(resource)).filter(
        ({ metadata }) => metadata.namespace === 'blue',
      );
      if (left.length > 0) world.fail(`${left.length} ${resource.kind.plural} are left`);
    }
    for (const { metadata } of await world.list(resources.namespaces)) {
      const name = { namespace: metadata.name, name: 'default' };
      await client.get(resources.serviceAccounts, name).catch(() => world.fail('no account'));
      const map = { namespace: metadata.name, name: 'kube-root-ca.crt' };
      await client.get(resources.configMaps, map).catch(() => world.fail('no certificate'));
    }
  },
  { pinned: [8, 17] },
);
