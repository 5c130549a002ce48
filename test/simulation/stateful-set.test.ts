import type { Stored } from '../../src/api/client/client.ts';
import { resources } from '../../src/api/client/resources.ts';
import type * as appsV1 from '../../src/api/types/generated/apps-v1.ts';
import type { Pod } from '../../src/api/types/generated/core-v1.ts';
import { simulate } from './seeds.ts';
import type { World } from './world.ts';

type SetOrNone = Stored<appsV1.StatefulSet> | undefined;

const place = { namespace: 'default', name: 'db' };

function setOf(spec: Partial<appsV1.StatefulSetSpec>): appsV1.StatefulSet {
  return {
    metadata: place,
    spec: {
      serviceName: 'db',
      selector: { matchLabels: { app: 'db' } },
      template: {
        metadata: { labels: { app: 'db' } },
        spec: { containers: [{ name: 'a', image: 'db:1' }] },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: {
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: '1Gi' } },
          },
        },
      ],
      ...spec,
    },
  };
}

function ordinalOf(name: string): number {
  return Number(name.slice('db-'.length));
}

function isReady({ status, metadata }: Stored<Pod>): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  );
}

/**
 * The members there are; in order, one comes only when all below it are ready, and one of those
 * that are too many goes only when all above it have gone.
 */
function watchMembers(world: World, ordered: () => boolean): Map<number, Stored<Pod>> {
  const members = new Map<number, Stored<Pod>>();
  let replicas = Number.POSITIVE_INFINITY;
  world.observers.push(({ prefix, now, before }) => {
    if (prefix === resources.statefulSets.kind.prefix) {
      replicas = (now as SetOrNone)?.spec.replicas ?? Number.POSITIVE_INFINITY;
    }
    if (prefix !== '/registry/pods/') return;
    const pod = (now ?? before) as Stored<Pod>;
    const ordinal = ordinalOf(pod.metadata.name);
    const known = members.get(ordinal);
    if (known !== undefined && known.metadata.uid !== pod.metadata.uid) {
      world.fail(`two members have the number ${ordinal}`);
    }
    if (now !== undefined && before === undefined && ordered()) {
      for (let below = 0; below < ordinal; below += 1) {
        const lower = members.get(below);
        if (lower === undefined || !isReady(lower)) {
          world.fail(`db-${ordinal} was made while db-${below} is not ready`);
        }
      }
    }
    const isLeaving = now?.metadata.deletionTimestamp !== undefined;
    if (isLeaving && before?.metadata.deletionTimestamp === undefined && ordinal >= replicas) {
      const above = Math.max(...members.keys());
      if (ordered() && above > ordinal) world.fail(`db-${ordinal} goes before db-${above}`);
    }
    if (now === undefined) members.delete(ordinal);
    else members.set(ordinal, pod);
  });
  return members;
}

async function change(world: World, spec: Partial<appsV1.StatefulSetSpec>): Promise<void> {
  for (let done = false; !done;) {
    const found = await world.client.get(resources.statefulSets, place);
    const wanted = { ...found, spec: { ...found.spec, ...spec } };
    done = await world.client.update(resources.statefulSets, wanted).then(
      () => true,
      () => false,
    );
  }
}

function withImage(image: string): Partial<appsV1.StatefulSetSpec> {
  const labels = { app: 'db' };
  return { template: { metadata: { labels }, spec: { containers: [{ name: 'a', image }] } } };
}

async function settles(
  world: World,
  members: Map<number, Stored<Pod>>,
  images: readonly string[],
): Promise<void> {
  const shown = () =>
    [...members.entries()]
      .toSorted(([a], [b]) => a - b)
      .map(([ordinal, pod]) => `${ordinal} ${pod.spec.containers[0]?.image} ${isReady(pod)}`)
      .join(', ');
  const wanted = images.map((image, ordinal) => `${ordinal} ${image} true`).join(', ');
  const settled = await world.until(async () => {
    const { status } = await world.client.get(resources.statefulSets, place);
    return shown() === wanted && (status?.readyReplicas ?? 0) === images.length;
  }, 1200_000);
  if (!settled) world.fail(`members are ${shown()}; wanted are ${wanted}`);
}

simulate('members come in order, go in order, and are replaced one at a time', async (world) => {
  const { random } = world;
  const members = watchMembers(world, () => true);
  await world.client.create(resources.statefulSets, setOf({ replicas: 3 }));
  await settles(world, members, ['db:1', 'db:1', 'db:1']);
  let rolling = true;
  world.observers.push(({ prefix }) => {
    const count = [...members.values()].filter(isReady).length;
    if (rolling && prefix === '/registry/pods/' && count < 2) {
      world.fail(`only ${count} members are ready during an update`);
    }
  });
  await change(world, withImage('db:2'));
  if (random.chance(0.5)) await world.clock.pass(random.below(6000));
  await change(world, withImage('db:3'));
  await settles(world, members, ['db:3', 'db:3', 'db:3']);
  rolling = false;
  await change(world, { replicas: 1 });
  if (random.chance(0.5)) await world.clock.pass(random.below(4000));
  await change(world, { replicas: 4 });
  await settles(world, members, ['db:3', 'db:3', 'db:3', 'db:3']);
  const claims = (await world.list(resources.persistentVolumeClaims)).map(
    ({ metadata }) => metadata.name,
  );
  if (claims.toSorted().join() !== 'data-db-0,data-db-1,data-db-2,data-db-3') {
    world.fail(`claims are ${claims.join()}`);
  }
  const found = await world.client.get(resources.statefulSets, place);
  if (found.status?.currentRevision !== found.status?.updateRevision) {
    world.fail('the update does not end');
  }
});

simulate('a partition holds members back; failing ones come again', async (world) => {
  const members = watchMembers(world, () => false);
  const parallel = { replicas: 4, podManagementPolicy: 'Parallel' };
  await world.client.create(resources.statefulSets, setOf(parallel));
  await settles(world, members, ['db:1', 'db:1', 'db:1', 'db:1']);
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 2 } };
  await change(world, { ...withImage('db:2'), updateStrategy });
  await settles(world, members, ['db:1', 'db:1', 'db:2', 'db:2']);
  world.kubelet.failing = 0.1;
  await world.clock.pass(10_000);
  world.kubelet.failing = 0;
  await settles(world, members, ['db:1', 'db:1', 'db:2', 'db:2']);
  await change(world, { updateStrategy: { type: 'RollingUpdate' } });
  await settles(world, members, ['db:2', 'db:2', 'db:2', 'db:2']);
});

simulate('claims go with whom the retention policy says', async (world) => {
  const { random } = world;
  const [whenScaled, whenDeleted] = ['Retain', 'Retain'].map((word) =>
    random.chance(0.6) ? 'Delete' : word,
  );
  const persistentVolumeClaimRetentionPolicy = { whenScaled, whenDeleted };
  const members = watchMembers(world, () => true);
  const claims = async () => {
    const found = await world.list(resources.persistentVolumeClaims);
    return found
      .map(({ metadata }) => metadata.name)
      .toSorted()
      .join();
  };
  const become = async (wanted: string, what: string) => {
    const settled = await world.until(async () => (await claims()) === wanted, 600_000);
    if (!settled) world.fail(`${what} (${whenScaled}): ${await claims()}, not ${wanted}`);
  };
  const three = 'data-db-0,data-db-1,data-db-2';
  const set = setOf({ replicas: 3, persistentVolumeClaimRetentionPolicy });
  await world.client.create(resources.statefulSets, set);
  await settles(world, members, ['db:1', 'db:1', 'db:1']);
  // A rollout and failing pods delete pods too, and no claim.
  const uids = await uidsOf(world);
  await change(world, withImage('db:2'));
  await settles(world, members, ['db:2', 'db:2', 'db:2']);
  if ((await uidsOf(world)) !== uids) world.fail('a rollout has cost claims');
  await change(world, { replicas: 1 });
  await settles(world, members, ['db:2']);
  await become(whenScaled === 'Delete' ? 'data-db-0' : three, 'scaled down');
  await change(world, { replicas: 3 });
  if (random.chance(0.5)) await world.clock.pass(random.below(3000));
  await change(world, { replicas: 2 });
  await change(world, { replicas: 3 });
  await settles(world, members, ['db:2', 'db:2', 'db:2']);
  await become(three, 'scaled up');
  // Until the set has said so, a claim ends with the pod that was to go a moment ago.
  const kept = await world.until(async () => !(await hasOwnerPod(world)), 600_000);
  if (!kept) world.fail('a claim still goes with its pod');
  await world.client.delete(resources.statefulSets, place, { propagationPolicy: 'Background' });
  const gone = await world.until(async () => (await world.pods()).length === 0, 600_000);
  if (!gone) world.fail('pods are left');
  await world.clock.pass(60_000);
  await become(whenDeleted === 'Delete' ? '' : three, 'deleted');
});

async function uidsOf(world: World): Promise<string> {
  const found = await world.list(resources.persistentVolumeClaims);
  return found
    .map(({ metadata }) => metadata.uid)
    .toSorted()
    .join();
}

async function hasOwnerPod(world: World): Promise<boolean> {
  const found = await world.list(resources.persistentVolumeClaims);
  return found.some(({ metadata }) => metadata.ownerReferences?.some(({ kind }) => kind === 'Pod'));
}
