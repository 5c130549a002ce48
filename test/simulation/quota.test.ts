import { resources } from '../../src/api/client/resources.ts';
import type { Stored } from '../../src/api/client/client.ts';
import type { Pod } from '../../src/api/types/generated/core-v1.ts';
import { simulate } from './seeds.ts';
import type { World } from './world.ts';

const most = 5;
const mostCpu = 900;

function setOf(name: string, replicas: number, cpu: number) {
  const labels = { app: name };
  const requests = { cpu: `${cpu}m` };
  return {
    metadata: { namespace: 'default', name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'a', image: 'a', resources: { requests } }] },
      },
    },
  };
}

function isCounted({ metadata, status }: Stored<Pod>): boolean {
  const { namespace } = metadata;
  return namespace === 'default' && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

function cpuOf({ spec }: Stored<Pod>): number {
  return Number.parseInt(spec.containers[0]?.resources?.requests?.['cpu'] ?? '0', 10);
}

/** What the quota counts, in each moment. */
function watchSums(world: World): { readonly pods: Map<string, Stored<Pod>>; cpu: () => number } {
  const pods = new Map<string, Stored<Pod>>();
  const cpu = () => [...pods.values()].reduce((sum, pod) => sum + cpuOf(pod), 0);
  world.observers.push(({ prefix, now, before }) => {
    if (prefix !== resources.pods.kind.prefix) return;
    const pod = (now ?? before) as Stored<Pod>;
    if (now === undefined || !isCounted(pod)) pods.delete(pod.metadata.uid);
    else pods.set(pod.metadata.uid, pod);
    if (pods.size > most) world.fail(`${pods.size} pods of ${most}`);
    if (cpu() > mostCpu) world.fail(`${cpu()} thousandths of a core of ${mostCpu}`);
  });
  return { pods, cpu };
}

simulate('a quota is never exceeded, and says at rest what there is', async (world) => {
  const { client, random } = world;
  const place = { namespace: 'default', name: 'few' };
  const hard = { pods: String(most), 'requests.cpu': `${mostCpu}m` };
  const { pods, cpu } = watchSums(world);
  await client.create(resources.resourceQuotas, { metadata: place, spec: { hard } });
  await client.create(resources.replicaSets, setOf('small', 4, 100));
  await client.create(resources.replicaSets, setOf('large', 4, 250));
  world.kubelet.failing = 0.03;
  for (let step = 0; step < 8; step += 1) {
    await world.clock.pass(random.below(6000));
    const name = { namespace: 'default', name: random.one(['small', 'large']) };
    const document = { spec: { replicas: random.below(5) } };
    await client.patch(resources.replicaSets, name, { type: 'merge', document });
  }
  world.kubelet.failing = 0;
  const wanted = { small: 2 + random.below(2), large: random.below(3) };
  for (const [name, replicas] of Object.entries(wanted)) {
    const document = { spec: { replicas } };
    const set = { namespace: 'default', name };
    await client.patch(resources.replicaSets, set, { type: 'merge', document });
  }
  const agrees = await world.until(async () => {
    const { status } = await client.get(resources.resourceQuotas, place);
    const used = `${status?.used?.['pods']} ${status?.used?.['requests.cpu']}`;
    const count = wanted.small + wanted.large;
    return pods.size === count && used === `${pods.size} ${cpu()}m`;
  }, 900_000);
  if (agrees) return;
  const { status } = await client.get(resources.resourceQuotas, place);
  world.fail(`${JSON.stringify(status)} of ${pods.size} pods and ${cpu()}m`);
});
