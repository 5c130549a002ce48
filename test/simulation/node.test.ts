import type { Stored } from '../../src/api/client/client.ts';
import { resources } from '../../src/api/client/resources.ts';
import type { Node, Pod } from '../../src/api/types/generated/core-v1.ts';
import { sayReady } from './fake-node.ts';
import { simulate } from './seeds.ts';
import type { World } from './world.ts';

function taintsOf({ spec }: Stored<Node>): string {
  const taints = (spec?.taints ?? []).map(({ key, effect }) => `${key.split('/')[1]}:${effect}`);
  return taints.toSorted().join();
}

const lost = 'unreachable:NoExecute,unreachable:NoSchedule';

async function until(world: World, what: string, holds: () => Promise<boolean>): Promise<void> {
  if (!(await world.until(holds, 900_000))) world.fail(what);
}

simulate('a silent node loses its pods to others, and is welcome back', async (world) => {
  const { client, clock, kubelet } = world;
  const calm = world.faults.lateEvent === 0;
  const labels = { app: 'web' };
  await client.create(resources.deployments, {
    metadata: { namespace: 'default', name: 'web' },
    spec: {
      replicas: 5,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'web:1' }] } },
    },
  });
  const running = async (where: (pod: Stored<Pod>) => boolean) =>
    (await world.pods()).filter(
      (pod) =>
        where(pod) &&
        pod.status?.phase === 'Running' &&
        pod.metadata.deletionTimestamp === undefined,
    ).length;
  await until(world, 'the pods do not run', async () => (await running(() => true)) === 5);
  const get = () => client.get(resources.nodes, { namespace: '', name: 'node-a' });
  const ranges = new Set((await world.list(resources.nodes)).map(({ spec }) => spec?.podCIDR));
  await until(world, 'nodes share a range', async () => {
    const nodes = await world.list(resources.nodes);
    return new Set(nodes.flatMap(({ spec }) => spec?.podCIDR ?? [])).size === nodes.length;
  });
  if (ranges.size > kubelet.nodes.length) world.fail('more ranges than nodes');

  const concerned = await running(({ spec }) => spec.nodeName === 'node-a');
  kubelet.dead.add('node-a');
  kubelet.nodes = ['node-b', 'node-c'];
  const silentSince = clock.now();
  await until(world, 'the node is not tainted', async () => taintsOf(await get()) === lost);
  const took = clock.now() - silentSince;
  if (calm && (took < 30_000 || took > 60_000)) world.fail(`it took ${took} ms to notice`);
  await until(world, 'its pods are not replaced', async () => {
    return (await running(({ spec }) => spec.nodeName !== 'node-a')) === 5;
  });
  const evicted = clock.now() - silentSince;
  if (calm && concerned > 0 && evicted < 300_000) world.fail(`pods had ${evicted} ms`);

  kubelet.dead.delete('node-a');
  await sayReady(client, 'node-a', clock.now());
  await until(world, 'the node stays tainted', async () => taintsOf(await get()) === '');
  await until(world, 'pods are left behind', async () => (await world.pods()).length === 5);

  await client.delete(resources.nodes, { namespace: '', name: 'node-b' });
  kubelet.dead.add('node-b');
  kubelet.nodes = ['node-a', 'node-c'];
  await until(world, 'pods of a deleted node stay', async () => {
    const pods = await world.pods();
    return pods.length === 5 && pods.every(({ spec }) => spec.nodeName !== 'node-b');
  });
});

simulate('when all nodes fall silent nobody is driven away', async (world) => {
  const { client, kubelet } = world;
  await client.create(resources.pods, {
    metadata: { namespace: 'default', name: 'alone' },
    spec: { nodeName: 'node-a', containers: [{ name: 'a', image: 'a' }] },
  });
  await world.clock.pass(20_000);
  for (const name of kubelet.nodes) kubelet.dead.add(name);
  await world.clock.pass(600_000);
  for (const node of await world.list(resources.nodes)) {
    if (taintsOf(node).includes('NoExecute'))
      world.fail(`${node.metadata.name}: ${taintsOf(node)}`);
  }
  const pod = await client.get(resources.pods, { namespace: 'default', name: 'alone' });
  if (pod.metadata.deletionTimestamp !== undefined) world.fail('the pod was driven away');
});

function serves({ metadata, status }: Stored<Pod>): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  );
}

/** Tells how many pods serve still whenever one ceases to. */
async function watchServing(world: World, onLeaving: (left: number) => void): Promise<void> {
  const serving = new Set((await world.pods()).filter(serves).map(({ metadata }) => metadata.uid));
  world.observers.push(({ prefix, now, before }) => {
    if (prefix !== resources.pods.kind.prefix) return;
    const uid = (now ?? before)?.metadata.uid ?? '';
    if (now !== undefined && serves(now as Stored<Pod>)) serving.add(uid);
    else if (serving.delete(uid)) onLeaving(serving.size);
  });
}

simulate('a budget counts what may be evicted, and no eviction breaks it', async (world) => {
  const { client, random } = world;
  const labels = { app: 'web' };
  const replicas = 3 + random.below(4);
  await client.create(resources.deployments, {
    metadata: { namespace: 'default', name: 'web' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'web:1' }] } },
    },
  });
  for (const [name, limit] of [
    ['least', { minAvailable: 2 }],
    ['share', { maxUnavailable: '50%' }],
  ] as const) {
    await client.create(resources.podDisruptionBudgets, {
      metadata: { namespace: 'default', name },
      spec: { selector: { matchLabels: labels }, ...limit },
    });
  }
  const allowed = async (name: string) => {
    const place = { namespace: 'default', name };
    return (await client.get(resources.podDisruptionBudgets, place)).status?.disruptionsAllowed;
  };
  await until(world, `the budgets do not come to allow ${replicas - 2}`, async () => {
    return (
      (await allowed('least')) === replicas - 2 &&
      (await allowed('share')) === Math.ceil(replicas / 2)
    );
  });
  // A pod of two budgets cannot be evicted.
  await client.delete(resources.podDisruptionBudgets, { namespace: 'default', name: 'share' });
  let draining = true;
  await watchServing(world, (left) => {
    if (draining && left < 2) world.fail(`an eviction leaves ${left} of ${replicas}`);
  });
  let evicted = 0;
  for (let step = 0; step < 12; step += 1) {
    const pods = (await world.pods()).map(({ metadata }) => metadata.name);
    const name = pods[random.below(pods.length)] ?? '';
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } };
    const place = { namespace: 'default', name, subresource: 'eviction' } as const;
    await client.post(resources.pods, place, eviction).then(
      () => (evicted += 1),
      () => undefined,
    );
    await world.clock.pass(random.below(3000));
  }
  if (evicted === 0) world.fail('nothing could be evicted');
  draining = false;
});
