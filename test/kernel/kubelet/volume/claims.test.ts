import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Stored } from '../../../../src/api/client/client.ts';
import { resources } from '../../../../src/api/client/resources.ts';
import type { PersistentVolume, Pod } from '../../../../src/api/types/generated/core-v1.ts';
import { runControllers } from '../../../../src/controller/run-controllers.ts';
import { runScheduler } from '../../../../src/scheduler/run-scheduler.ts';
import { registerNode } from '../../../simulation/fake-node.ts';
import { until } from '../../../until.ts';
import { withoutRoot } from '../../skip.ts';
import { untilStopped, VolumeNode } from './volume-node.ts';

t.setTimeout(300_000);

const skip = { skip: withoutRoot };

async function prepared(node: VolumeNode, pod: Stored<Pod>): Promise<string> {
  return await until(
    () =>
      node.prepare(pod).then(
        () => 'made',
        (error: unknown) => String(error),
      ),
    (answer) => answer === 'made',
  );
}

t.test('a claim of the default class is a folder of the node, gone with it', skip, async (t) => {
  const node = await VolumeNode.start(t);
  const { client } = node;
  const path = join(node.path, 'local');
  await client.create(resources.storageClasses, {
    metadata: {
      name: 'here',
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    },
    provisioner: 'keelson.dev/local-folder',
    parameters: { path },
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  const ending = new AbortController();
  const errors: string[] = [];
  const running = Promise.all([
    runControllers(client, {
      signal: ending.signal,
      onError: (what, error) => errors.push(`${what}: ${String(error)}`),
    }),
    runScheduler(client, { signal: ending.signal }),
  ]);
  t.teardown(async () => {
    ending.abort();
    await running;
  });
  await registerNode(client, 'host01', Date.now());
  const capacity = { cpu: '4', memory: '4Gi', pods: '110' };
  const document = { status: { capacity, allocatable: capacity } };
  const name01 = { namespace: '', name: 'host01' };
  const patch = { type: 'merge', document, subresource: 'status' } as const;
  await client.patch(resources.nodes, name01, patch);
  const place = { namespace: 'default', name: 'data' };
  const claim = await client.create(resources.persistentVolumeClaims, {
    metadata: place,
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
  });
  t.equal(claim.spec.storageClassName, 'here');
  const template = {
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    securityContext: { fsGroup: 4321 },
  };
  const created = await node.pod('web', { ...template, nodeName: undefined });
  const pod = await until(
    () => client.get<Pod>(resources.pods, { namespace: 'default', name: 'web' }),
    ({ spec }) => spec.nodeName !== undefined,
  );
  t.equal(pod.metadata.uid, created.metadata.uid);
  t.equal(pod.spec.nodeName, 'host01', 'the scheduler chose for the claim');
  t.equal(await prepared(node, pod), 'made');
  const name = `pvc-${claim.metadata.uid}`;
  const folder = join(path, name);
  t.equal(await node.pathOf(pod, '/data'), folder);
  t.match(statSync(folder), { gid: 4321 });
  writeFileSync(join(folder, 'kept'), 'x');
  await node.volumes.remove(pod.metadata.uid);
  t.ok(existsSync(join(folder, 'kept')), 'the data outlives the pod');
  const options = { gracePeriodSeconds: 0 };
  await client.delete(resources.pods, { namespace: 'default', name: 'web' }, options);
  const again = await node.pod('again', template);
  t.equal(await prepared(node, again), 'made');
  t.ok(existsSync(join(await node.pathOf(again, '/data'), 'kept')));
  await client.delete(resources.persistentVolumeClaims, place);
  t.equal((await client.list(resources.persistentVolumeClaims)).items.length, 1, 'it is in use');
  await node.volumes.remove(again.metadata.uid);
  await client.delete(resources.pods, { namespace: 'default', name: 'again' }, options);
  const left = await until(
    async () => (await client.list(resources.persistentVolumes)).items.length,
    (count) => count === 0,
  );
  t.equal(left, 0, 'the volume goes with its claim');
  t.notOk(existsSync(folder), 'and the folder before the volume');
  t.same(errors, []);
});

function volumeOf(name: string, more: Partial<PersistentVolume['spec']>): PersistentVolume {
  return {
    metadata: { name },
    spec: {
      capacity: { storage: '1Mi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'manual',
      claimRef: { namespace: 'default', name },
      ...more,
    },
  };
}

t.test('volumes made by hand are used where they are; others are refused', skip, async (t) => {
  const node = await VolumeNode.start(t);
  const { client } = node;
  const bound = async (name: string, more: Partial<PersistentVolume['spec']>) => {
    const claim = await client.create(resources.persistentVolumeClaims, {
      metadata: { namespace: 'default', name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Mi' } },
        storageClassName: 'manual',
        volumeName: name,
      },
    });
    const { uid } = claim.metadata;
    const claimRef = { namespace: 'default', name, uid };
    await client.create(resources.persistentVolumes, volumeOf(name, { ...more, claimRef }));
    await client.updateStatus(resources.persistentVolumeClaims, {
      ...claim,
      status: { phase: 'Bound' },
    });
    return await node.pod(name, {
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name, readOnly: true } }],
    });
  };
  const hostPath = await bound('host', {
    hostPath: { path: join(node.path, 'by-hand'), type: 'DirectoryOrCreate' },
  });
  await node.prepare(hostPath);
  t.match(await node.mounts(hostPath), [{ hostPath: join(node.path, 'by-hand'), readOnly: true }]);
  mkdirSync(join(node.path, 'disk'));
  const local = await bound('local', { local: { path: join(node.path, 'disk') } });
  await node.prepare(local);
  t.equal(await node.pathOf(local, '/data'), join(node.path, 'disk'));
  const foreign = await bound('foreign', { nfs: { server: 'a', path: '/' } });
  await t.rejects(node.prepare(foreign), {
    kind: 'unsupported',
    message: /^MountVolume.SetUp failed for volume "data" : no volume plugin matched: .*"nfs"/,
  });
  // A volume that says it was provisioned here, for a folder that is none of the node's.
  const stolen = await bound('stolen', { local: { path: '/etc' } });
  const volume = await client.get(resources.persistentVolumes, { namespace: '', name: 'stolen' });
  const annotations = {
    'pv.kubernetes.io/provisioned-by': 'keelson.dev/local-folder',
    'keelson.dev/node': 'host01',
  };
  await client.update(resources.persistentVolumes, {
    ...volume,
    metadata: { ...volume.metadata, annotations },
  });
  await t.rejects(node.prepare(stolen), { message: /local volume \/etc is not in this node's/ });
  const without = await node.again(t, { client: undefined });
  await without.prepare(local, untilStopped);
  const [container] = local.spec.containers;
  if (container === undefined) throw new Error('no container');
  const [mount] = await without.mountsOf(local, container, new Map());
  t.equal(mount?.hostPath, join(node.path, 'disk'), 'known without the server');
});
