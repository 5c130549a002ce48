import type { Stored } from '../../src/api/client/client.ts';
import { resources } from '../../src/api/client/resources.ts';
import type { Pod } from '../../src/api/types/generated/core-v1.ts';
import { simulate } from './seeds.ts';
import type { World } from './world.ts';

function isReady({ metadata, status }: Stored<Pod>): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  );
}

async function shown(world: World): Promise<{ wanted: string; endpoints: string; slices: string }> {
  const wanted = (await world.pods()).filter(isReady).flatMap(({ status }) => status?.podIP ?? []);
  const endpoints = (await world.list(resources.endpoints))
    .filter(({ metadata }) => metadata.name === 'web')
    .flatMap(({ subsets }) => subsets ?? [])
    .flatMap(({ addresses }) => addresses ?? [])
    .map(({ ip }) => ip);
  const slices = (await world.list(resources.endpointSlices))
    .flatMap(({ endpoints: of }) => of ?? [])
    .filter(({ conditions }) => conditions?.ready === true)
    .flatMap(({ addresses }) => addresses);
  return { wanted: inOrder(wanted), endpoints: inOrder(endpoints), slices: inOrder(slices) };
}

function inOrder(list: readonly string[]): string {
  return list.toSorted().join(' ');
}

simulate('a service shows its ready pods, in Endpoints and in slices alike', async (world) => {
  const { client, random } = world;
  const labels = { app: 'web' };
  await client.create(resources.services, {
    metadata: { namespace: 'default', name: 'web' },
    spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  });
  await client.create(resources.replicaSets, {
    metadata: { namespace: 'default', name: 'web' },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'a', image: 'a', ports: [{ name: 'http', containerPort: 8080 }] }],
        },
      },
    },
  });
  for (let step = 0; step < 5; step += 1) {
    await world.clock.pass(random.below(8000));
    const set = await client.get(resources.replicaSets, { namespace: 'default', name: 'web' });
    const spec = { ...set.spec, replicas: random.below(6) };
    await client.update(resources.replicaSets, { ...set, spec }).catch(() => undefined);
  }
  await world.clock.pass(20_000);
  const agrees = await world.until(async () => {
    const { wanted, endpoints, slices } = await shown(world);
    return wanted === endpoints && wanted === slices;
  }, 120_000);
  if (!agrees) world.fail(JSON.stringify(await shown(world)));
  const slices = await world.list(resources.endpointSlices);
  if (slices.length > 2) world.fail(`${slices.length} slices for a handful of pods`);
  await client.delete(resources.services, { namespace: 'default', name: 'web' });
  const gone = await world.until(async () => {
    const left = await world.list(resources.endpointSlices);
    return left.length === 0 && (await world.list(resources.endpoints)).length === 0;
  }, 120_000);
  if (!gone) world.fail('endpoints are left of a deleted service');
});

simulate('Endpoints kept by hand are mirrored into slices, as long as they are', async (world) => {
  const { client, random } = world;
  const name = { namespace: 'default', name: 'outside' };
  let made = 0;
  world.observers.push(({ prefix, now, before }) => {
    if (prefix === '/registry/endpointslices/' && now !== undefined && before === undefined)
      made += 1;
  });
  await client.create(resources.services, { metadata: name, spec: { ports: [{ port: 80 }] } });
  await client.create(resources.endpoints, { metadata: name, subsets: subsetsOf(1) });
  const mirrored = async (wanted: string) => {
    const text = async () => {
      const found = await world.list(resources.endpointSlices);
      const all = found.flatMap(({ endpoints = [] }) => endpoints);
      return all.map(({ addresses, conditions }) => `${addresses[0]} ${conditions?.ready}`);
    };
    const agrees = await world.until(async () => inOrder(await text()) === wanted, 300_000);
    if (!agrees) world.fail(`slices have ${inOrder(await text())}, not ${wanted}`);
  };
  const unready = ['192.0.2.200 false', '2001:db8::1 false'];
  await mirrored(inOrder(['192.0.2.1 true', ...unready]));
  for (let step = 0; step < 4; step += 1) {
    await world.clock.pass(random.below(3000));
    const known = await client.get(resources.endpoints, name);
    const count = step === 3 ? 2 : 1 + random.below(5);
    await client.update(resources.endpoints, { ...known, subsets: subsetsOf(count) });
  }
  await mirrored(inOrder(['192.0.2.1 true', '192.0.2.2 true', ...unready]));
  await world.clock.pass(30_000);
  // One of each family; a lost answer may cost another.
  if (made > 2 + world.crashes + 10) world.fail(`${made} slices were made`);
  const labelled = await client.get(resources.endpoints, name);
  const labels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
  await client.update(resources.endpoints, {
    ...labelled,
    metadata: { ...labelled.metadata, labels },
  });
  await mirrored('');
});

function subsetsOf(count: number) {
  return [
    {
      addresses: Array.from({ length: count }, (_, index) => ({ ip: `192.0.2.${index + 1}` })),
      notReadyAddresses: [{ ip: '192.0.2.200' }, { ip: '2001:db8::1' }],
      ports: [{ port: 8080 }],
    },
  ];
}
