import type { Stored } from '../../src/api/client/client.ts';
import { resources } from '../../src/api/client/resources.ts';
import type * as appsV1 from '../../src/api/types/generated/apps-v1.ts';
import type { Pod } from '../../src/api/types/generated/core-v1.ts';
import { simulate } from './seeds.ts';
import type { World } from './world.ts';

type Deployment = Stored<appsV1.Deployment>;
type ReplicaSet = Stored<appsV1.ReplicaSet>;

const web = { namespace: 'default', name: 'web' };

function deploymentOf(replicas: number, surge: number, unavailable: number): appsV1.Deployment {
  return {
    metadata: web,
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'a', image: 'web:1' }] },
      },
      strategy: { rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
    },
  };
}

/** The cluster's pods and replica sets as the store has them, kept by its changes. */
class Books {
  readonly pods = new Map<string, Stored<Pod>>();
  readonly sets = new Map<string, ReplicaSet>();
  readonly largest = new Map<string, number>();

  constructor(world: World) {
    world.observers.push(({ prefix, now, before }) => {
      const uid = now?.metadata.uid ?? before?.metadata.uid ?? '';
      if (prefix === '/registry/pods/') keep(this.pods, uid, now as Stored<Pod> | undefined);
      if (prefix !== '/registry/replicasets/') return;
      keep(this.sets, uid, now as ReplicaSet | undefined);
      const size = (now as ReplicaSet | undefined)?.spec.replicas ?? 0;
      this.largest.set(uid, Math.max(size, this.largest.get(uid) ?? 0));
    });
  }

  active(owner?: string): Stored<Pod>[] {
    return [...this.pods.values()].filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined &&
        status?.phase !== 'Failed' &&
        (owner === undefined || metadata.ownerReferences?.some(({ uid }) => uid === owner)),
    );
  }

  ready(): number {
    return this.active().filter(({ status }) =>
      status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    ).length;
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

/** No set has more pods than it was ever meant to, all sets together no more than the surge. */
function holdBounds(world: World, bounds: () => { most: number; least: number }): Books {
  const books = new Books(world);
  world.observers.push(({ prefix, now, before }) => {
    if (prefix === '/registry/pods/' && before === undefined && now !== undefined) {
      const owner = now.metadata.ownerReferences?.[0]?.uid ?? '';
      const count = books.active(owner).length;
      const most = books.largest.get(owner) ?? 0;
      if (count > most) world.fail(`${count} pods of a replica set of ${most}`);
    }
    if (prefix === '/registry/replicasets/' && now !== undefined) {
      const total = [...books.sets.values()].reduce(
        (sum, set) => sum + (set.spec.replicas ?? 0),
        0,
      );
      const { most } = bounds();
      if (total > most) world.fail(`replica sets ask for ${total} pods, ${most} are allowed`);
    }
    const wasDeleted =
      now?.metadata.deletionTimestamp !== undefined &&
      before?.metadata.deletionTimestamp === undefined;
    const wasReady = (before as Stored<Pod> | undefined)?.status?.conditions?.some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    );
    if (prefix === '/registry/pods/' && wasDeleted && wasReady && books.ready() < bounds().least) {
      world.fail(`${books.ready()} pods are ready, ${bounds().least} have to be`);
    }
  });
  return books;
}

function isRolledOut({ metadata, spec, status = {} }: Deployment): boolean {
  return (
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status.updatedReplicas ?? 0) === spec.replicas &&
    (status.replicas ?? 0) === spec.replicas &&
    (status.availableReplicas ?? 0) === spec.replicas
  );
}

async function change(world: World, edit: (spec: appsV1.DeploymentSpec) => object): Promise<void> {
  const { client } = world;
  for (;;) {
    const found = await client.get(resources.deployments, web);
    const spec = { ...found.spec, ...edit(found.spec) };
    const done = await client.update(resources.deployments, { ...found, spec }).then(
      () => true,
      () => false,
    );
    if (done) return;
  }
}

async function converges(world: World, books: Books, what: string): Promise<Deployment> {
  const settled = await world.until(async () => {
    const found = await world.client.get(resources.deployments, web);
    return isRolledOut(found) && books.pods.size === found.spec.replicas;
  }, 20 * 60_000);
  const found = await world.client.get(resources.deployments, web);
  if (!settled) {
    world.fail(`${what} does not converge: ${JSON.stringify(found.status)}, ${books.pods.size}`);
  }
  return found;
}

function withImage({ template }: appsV1.DeploymentSpec, image: string): object {
  const spec = { ...template.spec, containers: [{ name: 'a', image }] };
  return { template: { ...template, spec } };
}

simulate(
  'a rollout never makes more pods than the surge nor leaves fewer than it may',
  async (world) => {
    const { random } = world;
    const replicas = 1 + random.below(6);
    const surge = random.below(3);
    const unavailable = surge === 0 ? 1 + random.below(2) : random.below(3);
    let rolling = false;
    const books = holdBounds(world, () => ({
      most: replicas + surge,
      least: rolling ? replicas - unavailable : 0,
    }));
    await world.client.create(resources.deployments, deploymentOf(replicas, surge, unavailable));
    await converges(world, books, 'the creation');
    rolling = true;
    for (const image of ['web:2', 'web:3', 'web:1']) {
      await change(world, (spec) => withImage(spec, image));
      if (random.chance(0.5)) await converges(world, books, image);
      else await world.clock.pass(random.below(4000));
    }
    const found = await converges(world, books, 'the last rollout');
    const images = new Set([...books.pods.values()].map(({ spec }) => spec.containers[0]?.image));
    if (images.size !== 1 || !images.has('web:1')) world.fail(`pods run ${[...images].join()}`);
    const revision = found.metadata.annotations?.['deployment.kubernetes.io/revision'];
    // Who is dead for seconds may never see a template that is replaced meanwhile.
    const made = books.largest.size;
    if (Number(revision) < made) world.fail(`the revision is ${revision} after ${made} sets`);
  },
);

simulate('scaling, pausing and failing pods end where the deployment says', async (world) => {
  const { random } = world;
  const books = holdBounds(world, () => ({ most: 12, least: 0 }));
  await world.client.create(resources.deployments, deploymentOf(3, 1, 1));
  world.kubelet.failing = 0.02;
  for (let step = 0; step < 8; step += 1) {
    await world.clock.pass(random.below(6000));
    const image = `web:${1 + random.below(3)}`;
    const edits = [
      () => ({ replicas: random.below(8) }),
      (spec: appsV1.DeploymentSpec) => withImage(spec, image),
      ({ paused }: appsV1.DeploymentSpec) => ({ paused: paused !== true }),
    ] as const;
    await change(world, random.one(edits));
  }
  world.kubelet.failing = 0;
  await change(world, () => ({ paused: false, replicas: 4 }));
  await world.clock.pass(5000);
  for (const { metadata, status } of await world.pods()) {
    if (status?.phase !== 'Failed') continue;
    const name = { namespace: 'default', name: metadata.name };
    await world.client.delete(resources.pods, name).catch(() => undefined);
  }
  await converges(world, books, 'the deployment');
});

simulate('recreate never runs two templates at once', async (world) => {
  const books = new Books(world);
  world.observers.push(({ prefix, now, before }) => {
    if (prefix !== '/registry/pods/' || before !== undefined || now === undefined) return;
    const owners = new Set(
      [...books.pods.values()].map(({ metadata }) => metadata.ownerReferences?.[0]?.uid),
    );
    if (owners.size > 1) world.fail('pods of two templates');
  });
  const { spec, metadata } = deploymentOf(3, 0, 0);
  const recreate = { metadata, spec: { ...spec, strategy: { type: 'Recreate' } } };
  await world.client.create(resources.deployments, recreate);
  for (const image of ['web:2', 'web:1']) {
    await world.clock.pass(world.random.below(8000));
    await change(world, (spec) => withImage(spec, image));
  }
  await converges(world, books, 'the deployment');
});
