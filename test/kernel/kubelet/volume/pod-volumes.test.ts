import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { resources } from '../../../../src/api/client/resources.ts';
import { findMount, readMounts } from '../../../../src/kernel/mountinfo.ts';
import { until } from '../../../until.ts';
import { withoutRoot } from '../../skip.ts';
import { untilStopped, VolumeNode } from './volume-node.ts';

t.setTimeout(300_000);

const skip = { skip: withoutRoot };

t.test('a ConfigMap is files that lead through ..data, and follows changes', skip, async (t) => {
  const node = await VolumeNode.start(t);
  const metadata = { namespace: 'default', name: 'app' };
  const map = await node.client.create(resources.configMaps, {
    metadata,
    data: { 'app.yaml': 'one', extra: 'x' },
    binaryData: { blob: Buffer.from([0, 255]).toString('base64') },
  });
  const pod = await node.pod('web', {
    volumes: [{ name: 'config', configMap: { name: 'app', defaultMode: 0o640 } }],
  });
  await node.prepare(pod);
  const path = await node.pathOf(pod, '/config');
  t.match(path, new RegExp(`/pods/${pod.metadata.uid}/volumes/kubernetes.io~configmap/config$`));
  t.equal(await node.read(pod, '/config', 'app.yaml'), 'one');
  t.same(readlinkSync(join(path, 'app.yaml')), '..data/app.yaml');
  t.equal(statSync(join(path, 'app.yaml')).mode & 0o777, 0o640);
  t.equal(statSync(join(path, 'blob')).size, 2);
  t.equal((await node.mounts(pod))[0]?.readOnly, true);
  // Nobody asks for a refresh: the watch sees it.
  await node.client.update(resources.configMaps, { ...map, data: { 'app.yaml': 'two' } });
  const seen = await until(
    () => node.read(pod, '/config', 'app.yaml'),
    (text) => text === 'two',
  );
  t.equal(seen, 'two');
  const names = await until(
    async () => readdirSync(path).filter((name) => !name.startsWith('..2')),
    (found) => !found.includes('extra'),
  );
  t.same(names.toSorted(), ['..data', 'app.yaml', 'blob']);
  await node.volumes.remove(pod.metadata.uid);
  t.notOk(existsSync(join(node.path, 'kubelet/pods', pod.metadata.uid)));
});

t.test('an optional ConfigMap that comes later is seen', skip, async (t) => {
  const node = await VolumeNode.start(t);
  const pod = await node.pod('early', {
    volumes: [{ name: 'config', configMap: { name: 'late', optional: true } }],
  });
  await node.prepare(pod);
  const path = await node.pathOf(pod, '/config');
  t.notOk(readdirSync(path).includes('key'));
  const metadata = { namespace: 'default', name: 'late' };
  await node.client.create(resources.configMaps, { metadata, data: { key: 'here' } });
  const seen = await until(
    async () => readdirSync(path),
    (names) => names.includes('key'),
  );
  t.ok(seen.includes('key'));
  t.equal(await node.read(pod, '/config', 'key'), 'here');
  await node.volumes.remove(pod.metadata.uid);
});

t.test(
  'what could not be read after a restart is read when the server is back',
  skip,
  async (t) => {
    const node = await VolumeNode.start(t);
    const metadata = { namespace: 'default', name: 'app' };
    const map = await node.client.create(resources.configMaps, { metadata, data: { word: 'one' } });
    const pod = await node.pod('kept', {
      volumes: [{ name: 'config', configMap: { name: 'app' } }],
    });
    await node.prepare(pod);
    const path = await node.pathOf(pod, '/config');
    await node.volumes[Symbol.asyncDispose]();
    await node.client.update(resources.configMaps, { ...map, data: { word: 'two' } });
    let asked = 0;
    const client = new Proxy(node.client, {
      get: (target, name) => {
        const known: unknown = Reflect.get(target, name);
        if (name !== 'get' || typeof known !== 'function') return known;
        return async (...args: unknown[]): Promise<unknown> => {
          asked += 1;
          if (asked <= 2) throw new Error('nobody answers');
          return await Reflect.apply(known, target, args);
        };
      },
    });
    const volumes = await node.again(t, { client });
    await t.rejects(volumes.refresh(pod), { message: /nobody answers/ });
    const word = () => readFileSync(join(path, 'word'), 'utf8');
    t.equal(word(), 'one');
    t.equal(await until(word, (text) => text === 'two'), 'two');
    t.ok(asked > 2);
    await volumes.remove(pod.metadata.uid);
  },
);

t.test('what is missing is told in the words of FailedMount', skip, async (t) => {
  const node = await VolumeNode.start(t);
  const failure = async (volume: object) => {
    const name = `p${Math.random().toString(36).slice(2)}`;
    const pod = await node.pod(name, { volumes: [{ name: 'x', ...volume }] });
    return await node.prepare(pod).then(
      () => 'no failure',
      (error: unknown) => error as { kind: string; message: string },
    );
  };
  const prefix = 'MountVolume.SetUp failed for volume "x" : ';
  t.match(await failure({ configMap: { name: 'y' } }), {
    kind: 'notFound',
    message: `${prefix}configmap "y" not found`,
  });
  t.match(await failure({ secret: { secretName: 'y' } }), {
    kind: 'notFound',
    message: `${prefix}secret "y" not found`,
  });
  t.match(await failure({ hostPath: { path: '/nowhere/at/all', type: 'Directory' } }), {
    message: `${prefix}hostPath type check failed: /nowhere/at/all is not a directory`,
  });
  t.match(await failure({ persistentVolumeClaim: { claimName: 'data' } }), {
    kind: 'notFound',
    message:
      /failed to process volumes=\[x\]: error processing PVC default\/data: failed to fetch PVC/,
  });
  t.match(await failure({ nfs: { server: 'a', path: '/' } }), {
    kind: 'unsupported',
    message: /err=no volume plugin matched: volumes of type "nfs" are not supported/,
  });
  const both = [{ configMap: { name: 'a' } }, { secret: { name: 'b' } }];
  t.match(await failure({ projected: { sources: both } }), {
    message: `${prefix}[configmap "a" not found, secret "b" not found]`,
  });
  await node.client.create(resources.persistentVolumeClaims, {
    metadata: { namespace: 'default', name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
  });
  t.match(await failure({ persistentVolumeClaim: { claimName: 'data' } }), {
    kind: 'unavailable',
    message: /error processing PVC default\/data: PVC is not bound$/,
  });
});

t.test('secrets and tokens lie in memory, with the modes asked for', skip, async (t) => {
  const node = await VolumeNode.start(t);
  await node.client.create(resources.secrets, {
    metadata: { namespace: 'default', name: 'login' },
    data: { password: Buffer.from('hidden').toString('base64') },
  });
  const pod = await node.pod('web', {
    securityContext: { fsGroup: 4321 },
    volumes: [
      {
        name: 'login',
        secret: { secretName: 'login', items: [{ key: 'password', path: 'a/b', mode: 0o400 }] },
      },
      { name: 'all', projected: { sources: [{ secret: { name: 'none', optional: true } }] } },
    ],
  });
  await node.prepare(pod);
  const path = await node.pathOf(pod, '/login');
  t.match(findMount(readMounts(), path), { mountPoint: path, fileSystem: 'tmpfs' });
  t.equal(await node.read(pod, '/login', 'a/b'), 'hidden');
  t.match(statSync(join(path, 'a/b')), { gid: 4321 });
  t.equal(statSync(join(path, 'a/b')).mode & 0o777, 0o440);
  t.same(
    readdirSync(await node.pathOf(pod, '/all')).filter((name) => !name.startsWith('..')),
    [],
  );
  await node.volumes.remove(pod.metadata.uid);
  await node.volumes.remove(pod.metadata.uid);
  t.notOk(readMounts().some(({ mountPoint }) => mountPoint.startsWith(node.path)));
});

t.test('emptyDirs are there for all, and bounded in memory', skip, async (t) => {
  const node = await VolumeNode.start(t);
  const pod = await node.pod('web', {
    securityContext: { fsGroup: 77 },
    volumes: [
      { name: 'disk', emptyDir: { sizeLimit: '8Ki' } },
      { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '2Mi' } },
    ],
  });
  await node.prepare(pod);
  const disk = await node.pathOf(pod, '/disk');
  t.match(statSync(disk), { mode: 0o42777, gid: 77 });
  const memory = await node.pathOf(pod, '/memory');
  t.match(statSync(memory), { mode: 0o42777, gid: 77 });
  t.throws(() => writeFileSync(join(memory, 'big'), Buffer.alloc(3 * 1024 * 1024)), /ENOSPC/);
  writeFileSync(join(disk, 'file'), Buffer.alloc(64 * 1024, 1));
  const usages = await node.volumes.usageOf(pod);
  t.ok((usages.get('disk')?.usedBytes ?? 0) >= 64 * 1024);
  t.equal(usages.get('disk')?.usedInodes, 2);
  t.equal(usages.get('memory')?.capacityBytes, 2 * 1024 * 1024);
  await node.prepare(pod);
  t.ok(existsSync(join(disk, 'file')), 'what is made stays');
});

t.test('another process takes over what it finds, also without a server', skip, async (t) => {
  const node = await VolumeNode.start(t);
  await node.client.create(resources.configMaps, {
    metadata: { namespace: 'default', name: 'app' },
    data: { key: 'value' },
  });
  const pod = await node.pod('web', {
    volumes: [
      { name: 'config', configMap: { name: 'app' } },
      { name: 'scratch', emptyDir: {} },
      { name: 'host', hostPath: { path: join(node.path, 'made'), type: 'DirectoryOrCreate' } },
    ],
  });
  await node.prepare(pod);
  const before = await node.mounts(pod);
  const later = await node.again(t, { client: undefined });
  t.same(await later.uids(), [pod.metadata.uid]);
  await later.prepare(pod, untilStopped);
  const [container] = pod.spec.containers;
  if (container === undefined) throw new Error('no container');
  t.same(await later.mountsOf(pod, container, new Map()), before);
  t.match(statSync(join(node.path, 'made')), { mode: 0o40755 });
  mkdirSync(join(node.path, 'made/kept'));
  await later.remove(pod.metadata.uid);
  t.same(await later.uids(), []);
  t.ok(existsSync(join(node.path, 'made/kept')), 'a hostPath outlives the pod');
});
