import { equal } from '../../src/api/json.ts';
import { Informer } from '../../src/api/client/informer.ts';
import { resources } from '../../src/api/client/resources.ts';
import type { ConfigMap } from '../../src/api/types/generated/core-v1.ts';
import { FaultyClient } from './faulty-client.ts';
import { simulate } from './seeds.ts';
import type { World } from './world.ts';

function informerOf(world: World): { informer: Informer<ConfigMap>; client: FaultyClient } {
  const client = new FaultyClient(world.client, {
    clock: world.clock,
    random: world.random,
    faults: () => ({ ...world.faults, crash: 0 }),
    isAlive: () => true,
    onCrash: () => undefined,
  });
  const informer = new Informer({
    client,
    clock: world.clock,
    resource: resources.configMaps,
    indexes: { color: ({ data }) => (data?.['color'] === undefined ? [] : [data['color']]) },
    onError: () => undefined,
  });
  return { informer, client };
}

async function changeOne(world: World): Promise<void> {
  const { client, random } = world;
  const name = { namespace: 'default', name: `map-${random.below(6)}` };
  const data = { color: random.one(['red', 'green']), serial: String(random.below(1e9)) };
  const work = random.chance(0.3)
    ? client.delete(resources.configMaps, name)
    : client.create(resources.configMaps, { metadata: name, data }).catch(async () => {
        const known = await client.get(resources.configMaps, name);
        await client.update(resources.configMaps, { ...known, data });
      });
  await work.catch(() => undefined);
}

simulate('a cache ends with what the server has, told change by change', async (world) => {
  const { informer } = informerOf(world);
  const ending = new AbortController();
  const told = new Map<string, unknown>();
  informer.onChange((now, before) => {
    const name = `${(now ?? before)?.metadata.namespace} ${(now ?? before)?.metadata.name}`;
    if (told.get(name) !== before) world.fail(`${name} was told from a state it was not in`);
    if (now === undefined) told.delete(name);
    else told.set(name, now);
  });
  void informer.run(ending.signal);
  for (let step = 0; step < 60; step += 1) {
    await changeOne(world);
    await world.clock.pass(world.random.below(400));
  }
  world.faults = { ...world.faults, brokenWatch: 0, lateEvent: 0, refused: 0, lostAnswer: 0 };
  const agrees = await world.until(async () => {
    const listed = await world.list(resources.configMaps);
    const mine = listed.filter(({ metadata }) => metadata.name.startsWith('map-'));
    return (
      informer.list('default').filter(({ metadata }) => metadata.name.startsWith('map-')).length ===
        mine.length &&
      mine.every((object) =>
        equal(informer.get('default', object.metadata.name)?.data ?? {}, object.data ?? {}),
      )
    );
  }, 120_000);
  if (!agrees) world.fail('the cache differs from the server');
  for (const color of ['red', 'green']) {
    const indexed = informer.find('color', color).length;
    const counted = informer.list().filter(({ data }) => data?.['color'] === color).length;
    if (indexed !== counted) world.fail(`the index has ${indexed} of ${counted}`);
  }
  ending.abort();
});

simulate('what was written is never read older afterwards', async (world) => {
  const { informer, client } = informerOf(world);
  const ending = new AbortController();
  void informer.run(ending.signal);
  await world.clock.pass(5000);
  const metadata = { namespace: 'default', name: 'mine' };
  let written = 0;
  let known = await world.client.create(resources.configMaps, { metadata, data: { serial: '0' } });
  informer.learn(known);
  for (let step = 0; step < 60; step += 1) {
    const serial = Number(informer.get('default', 'mine')?.data?.['serial'] ?? '-1');
    if (serial < written) world.fail(`${serial} was read after ${written} was written`);
    written += 1;
    const data = { serial: String(written) };
    const wanted = { ...known, data };
    try {
      known = await world.during(client.update(resources.configMaps, wanted));
    } catch {
      known = await world.client.get(resources.configMaps, metadata);
      written = Number(known.data?.['serial']);
    }
    informer.learn(known);
    await world.clock.pass(world.random.below(300));
  }
  ending.abort();
});
