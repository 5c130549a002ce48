import { resources } from '../../src/api/client/resources.ts';
import type { Stored } from '../../src/api/client/client.ts';
import { localFolder } from '../../src/api/local-folder.ts';
import type {
  PersistentVolume,
  PersistentVolumeClaim,
} from '../../src/api/types/generated/core-v1.ts';
import { simulate } from './seeds.ts';
import type { World } from './world.ts';

const minute = 60_000;

function claimOf(name: string, spec: Partial<PersistentVolumeClaim['spec']> = {}) {
  return {
    metadata: { namespace: 'default', name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      ...spec,
    },
  };
}

function volumeOf(name: string, size: string, policy = 'Retain'): PersistentVolume {
  return {
    metadata: { name },
    spec: {
      capacity: { storage: size },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: policy,
      storageClassName: 'manual',
      hostPath: { path: `/srv/${name}` },
    },
  };
}

/** Two claims with one volume, or a claim whose volume changes, would lose data. */
function watchBonds(world: World): void {
  const owners = new Map<string, string>();
  const volumes = new Map<string, string>();
  world.observers.push(({ prefix, now }) => {
    if (prefix !== '/registry/persistentvolumeclaims/' || now === undefined) return;
    const { metadata, spec } = now as Stored<PersistentVolumeClaim>;
    const { volumeName = '' } = spec;
    if (volumeName === '') return;
    const owner = owners.get(volumeName) ?? metadata.uid;
    if (owner !== metadata.uid) world.fail(`two claims name volume ${volumeName}`);
    owners.set(volumeName, metadata.uid);
    const before = volumes.get(metadata.uid) ?? volumeName;
    if (before !== volumeName) world.fail(`claim ${metadata.name} went to another volume`);
    volumes.set(metadata.uid, volumeName);
  });
}

async function phases(world: World): Promise<readonly string[]> {
  const claims = await world.list(resources.persistentVolumeClaims);
  return claims.map(({ metadata, status }) => `${metadata.name}=${status?.phase}`).toSorted();
}

function boundIn(list: readonly string[]): number {
  return list.filter((one) => one.endsWith('=Bound')).length;
}

async function phaseOf(world: World, volume: string): Promise<string | undefined> {
  const all = await world.list(resources.persistentVolumes);
  return all.find(({ metadata }) => metadata.name === volume)?.status?.phase;
}

/** The removal of a folder, as the node's kubelet does it. */
async function sweep(world: World): Promise<void> {
  for (const volume of await world.list(resources.persistentVolumes)) {
    const { finalizers = [], deletionTimestamp } = volume.metadata;
    if (deletionTimestamp === undefined || finalizers.join() !== localFolder.finalizer) continue;
    const metadata = { ...volume.metadata, finalizers: [] };
    await world.client.update(resources.persistentVolumes, { ...volume, metadata });
  }
}

simulate('claims get the smallest volume that fits, each its own', async (world) => {
  watchBonds(world);
  for (const [name, size] of [
    ['a', '5Gi'],
    ['b', '1Gi'],
    ['c', '2Gi'],
    ['d', '512Mi'],
  ] as const) {
    await world.client.create(resources.persistentVolumes, volumeOf(name, size));
  }
  for (const name of ['x', 'y', 'z', 'w']) {
    const claim = claimOf(name, { storageClassName: 'manual' });
    await world.client.create(resources.persistentVolumeClaims, claim);
  }
  if (!(await world.until(async () => boundIn(await phases(world)) === 3, 20 * minute))) {
    world.fail(`not bound: ${(await phases(world)).join()}`);
  }
  if (!(await world.until(async () => (await phaseOf(world, 'd')) === 'Available', 5 * minute))) {
    world.fail('a volume too small was taken');
  }
  const [bound] = (await world.list(resources.persistentVolumeClaims)).filter(
    ({ spec }) => spec.volumeName === 'b',
  );
  if (bound === undefined) return world.fail('the volume that fits best was not taken');
  await world.client.delete(resources.persistentVolumeClaims, {
    namespace: 'default',
    name: bound.metadata.name,
  });
  if (!(await world.until(async () => (await phaseOf(world, 'b')) === 'Released', 20 * minute))) {
    world.fail(`volume b is ${await phaseOf(world, 'b')} after its claim`);
  }
});

simulate('claims of a class that waits for no pod are bound at once', async (world) => {
  watchBonds(world);
  await world.client.create(resources.storageClasses, {
    metadata: { name: 'now' },
    provisioner: localFolder.provisioner,
    volumeBindingMode: 'Immediate',
  });
  for (const name of ['x', 'y', 'z']) {
    const claim = claimOf(name, { storageClassName: 'now' });
    await world.client.create(resources.persistentVolumeClaims, claim);
  }
  if (!(await world.until(async () => boundIn(await phases(world)) === 3, 20 * minute))) {
    world.fail(`not bound: ${(await phases(world)).join()}`);
  }
  const volumes = await world.list(resources.persistentVolumes);
  const nodes = volumes.map(({ metadata }) => metadata.annotations?.[localFolder.nodeAnnotation]);
  if (volumes.length !== 3 || nodes.includes(undefined)) world.fail(`volumes of ${nodes.join()}`);
});

simulate('a claim of volumes made by hand follows its pod', async (world) => {
  watchBonds(world);
  await world.client.create(resources.storageClasses, {
    metadata: { name: 'disks' },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  for (const node of ['node-a', 'node-b']) {
    const { metadata, spec } = volumeOf(`disk-${node}`, '1Gi');
    const requirement = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] };
    await world.client.patch(
      resources.nodes,
      { namespace: '', name: node },
      { type: 'merge', document: { metadata: { labels: { 'kubernetes.io/hostname': node } } } },
    );
    const { hostPath: _none, ...rest } = spec;
    await world.client.create(resources.persistentVolumes, {
      metadata,
      spec: {
        ...rest,
        local: { path: '/mnt/disk' },
        storageClassName: 'disks',
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [requirement] }] } },
      },
    });
  }
  await world.client.create(
    resources.persistentVolumeClaims,
    claimOf('data', { storageClassName: 'disks' }),
  );
  await world.until(() => Promise.resolve(false), minute);
  if ((await phases(world)).join() !== 'data=Pending') world.fail('bound before its pod is placed');
  await world.client.create(resources.pods, {
    metadata: { namespace: 'default', name: 'user' },
    spec: {
      nodeName: 'node-b',
      containers: [{ name: 'a', image: 'a' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    },
  });
  const isBound = async () => (await phases(world)).join() === 'data=Bound';
  if (!(await world.until(isBound, 20 * minute))) world.fail('not bound after its pod is placed');
  const [claim] = await world.list(resources.persistentVolumeClaims);
  if (claim?.spec.volumeName !== 'disk-node-b') world.fail(`bound to ${claim?.spec.volumeName}`);
});

simulate(
  'a claim of the default class gets a folder of the node that was chosen',
  async (world) => {
    watchBonds(world);
    const classes = async () => (await world.list(resources.storageClasses)).length === 1;
    if (!(await world.until(classes, 10 * minute))) world.fail('there is no default class');
    await world.client.create(resources.persistentVolumeClaims, claimOf('data'));
    await world.client.patch(
      resources.persistentVolumeClaims,
      { namespace: 'default', name: 'data' },
      {
        type: 'merge',
        document: { metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'node-b' } } },
      },
    );
    const isBound = async () => (await phases(world)).join() === 'data=Bound';
    if (!(await world.until(isBound, 20 * minute))) {
      return world.fail(`not bound: ${(await phases(world)).join()}`);
    }
    const volumes = await world.list(resources.persistentVolumes);
    const [volume] = volumes;
    if (volumes.length !== 1 || volume === undefined)
      return world.fail(`${volumes.length} volumes`);
    if (volume.spec.local?.path !== `${localFolder.path}/${volume.metadata.name}`) {
      world.fail(`its path is ${volume.spec.local?.path}`);
    }
    // A pod uses it: the claim waits for the pod's end, the volume for the claim's.
    await world.client.create(resources.pods, {
      metadata: { namespace: 'default', name: 'user' },
      spec: {
        nodeName: 'node-b',
        containers: [{ name: 'a', image: 'a' }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      },
    });
    const isProtected = async () => {
      const [claim] = await world.list(resources.persistentVolumeClaims);
      return claim?.metadata.finalizers?.includes('kubernetes.io/pvc-protection') === true;
    };
    if (!(await world.until(isProtected, 20 * minute))) world.fail('the claim is not protected');
    await world.client.delete(resources.persistentVolumeClaims, {
      namespace: 'default',
      name: 'data',
    });
    await world.until(async () => false, 2 * minute);
    if ((await phases(world)).length !== 1) world.fail('a claim in use is gone');
    await world.client.delete(resources.pods, { namespace: 'default', name: 'user' });
    const isGone = async () => {
      await sweep(world);
      const left = await world.list(resources.persistentVolumes);
      return left.length === 0 && (await phases(world)).length === 0;
    };
    if (!(await world.until(isGone, 30 * minute))) world.fail('claim and volume stay');
  },
);
