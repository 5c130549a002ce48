import type { Stored } from '../../src/api/client/client.ts';
import { resources } from '../../src/api/client/resources.ts';
import type * as appsV1 from '../../src/api/types/generated/apps-v1.ts';
import type { Pod, Taint } from '../../src/api/types/generated/core-v1.ts';
import { simulate } from './seeds.ts';
import type { World } from './world.ts';

const place = { namespace: 'default', name: 'agent' };

function setOf(image: string, rollingUpdate: object): appsV1.DaemonSet {
  const labels = { app: 'agent' };
  return {
    metadata: place,
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'a', image }] } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate },
    },
  };
}

async function addNode(world: World, name: string, taints: readonly Taint[] = []): Promise<void> {
  await world.kubelet.register(name);
  if (taints.length === 0) return;
  const node = await world.client.get(resources.nodes, { namespace: '', name });
  await world.client.update(resources.nodes, { ...node, spec: { ...node.spec, taints } });
}

async function cordon(world: World, name: string): Promise<void> {
  const document = { spec: { unschedulable: true } };
  await world.client.patch(resources.nodes, { namespace: '', name }, { type: 'merge', document });
}

function nodeOf({ spec }: Stored<Pod>): string {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0] ?? '';
}

function isLive({ metadata, status }: Stored<Pod>): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase !== 'Failed';
}

function isReady(pod: Stored<Pod>): boolean {
  return (
    isLive(pod) &&
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ===
      true
  );
}

/** No node has more daemons than the update may put there. */
function watchDaemons(world: World, most: number): Map<string, Stored<Pod>> {
  const pods = new Map<string, Stored<Pod>>();
  world.observers.push(({ prefix, now, before }) => {
    if (prefix !== '/registry/pods/') return;
    const uid = now?.metadata.uid ?? before?.metadata.uid ?? '';
    if (now === undefined) pods.delete(uid);
    else pods.set(uid, now as Stored<Pod>);
    if (now === undefined || before !== undefined) return;
    const node = nodeOf(now as Stored<Pod>);
    const here = [...pods.values()].filter((pod) => isLive(pod) && nodeOf(pod) === node);
    if (here.length > most) world.fail(`${here.length} daemons on ${node}`);
  });
  return pods;
}

async function settles(world: World, wanted: string): Promise<void> {
  const shown = async () =>
    (await world.pods())
      .filter(isReady)
      .map((pod) => `${nodeOf(pod)} ${pod.spec.containers[0]?.image}`)
      .toSorted()
      .join(', ');
  const settled = await world.until(async () => {
    const { status } = await world.client.get(resources.daemonSets, place);
    const count = wanted.split(', ').length;
    return (await shown()) === wanted && status?.numberAvailable === count;
  }, 600_000);
  if (settled) return;
  const { status } = await world.client.get(resources.daemonSets, place);
  world.fail(`daemons are ${await shown()}; wanted are ${wanted}; ${JSON.stringify(status)}`);
}

async function setImage(world: World, image: string): Promise<void> {
  const { client } = world;
  for (let done = false; !done;) {
    const found = await client.get(resources.daemonSets, place);
    const { template } = setOf(image, {}).spec;
    done = await client
      .update(resources.daemonSets, { ...found, spec: { ...found.spec, template } })
      .then(
        () => true,
        () => false,
      );
  }
}

simulate(
  'each node that fits has one daemon, and an update replaces them in turn',
  async (world) => {
    const { random } = world;
    const pods = watchDaemons(world, 1);
    for (const name of ['n1', 'n2', 'n3']) await addNode(world, name);
    await addNode(world, 'n4', [{ key: 'own', value: 'x', effect: 'NoSchedule' }]);
    await addNode(world, 'n5');
    await cordon(world, 'n5');
    await world.client.create(resources.daemonSets, setOf('agent:1', { maxUnavailable: 1 }));
    await settles(world, 'n1 agent:1, n2 agent:1, n3 agent:1, n5 agent:1');
    let rolling = true;
    world.observers.push(({ prefix }) => {
      const count = [...pods.values()].filter(isReady).length;
      if (rolling && prefix === '/registry/pods/' && count < 3)
        world.fail(`${count} daemons serve`);
    });
    await setImage(world, 'agent:2');
    await settles(world, 'n1 agent:2, n2 agent:2, n3 agent:2, n5 agent:2');
    rolling = false;
    await world.client.delete(resources.nodes, { namespace: '', name: 'n2' });
    await world.clock.pass(random.below(3000));
    await addNode(world, 'n6');
    world.kubelet.failing = 0.05;
    await world.clock.pass(8000);
    world.kubelet.failing = 0;
    await settles(world, 'n1 agent:2, n3 agent:2, n5 agent:2, n6 agent:2');
  },
  { nodes: [] },
);

simulate(
  'with a surge a new daemon serves before the old one goes',
  async (world) => {
    const pods = watchDaemons(world, 2);
    for (const name of ['n1', 'n2', 'n3']) await addNode(world, name);
    const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 };
    await world.client.create(resources.daemonSets, setOf('agent:1', rollingUpdate));
    await settles(world, 'n1 agent:1, n2 agent:1, n3 agent:1');
    world.observers.push(({ prefix }) => {
      const served = new Set([...pods.values()].filter(isReady).map(nodeOf));
      if (prefix === '/registry/pods/' && served.size < 3)
        world.fail(`${served.size} nodes served`);
    });
    await setImage(world, 'agent:2');
    await settles(world, 'n1 agent:2, n2 agent:2, n3 agent:2');
  },
  { nodes: [] },
);
