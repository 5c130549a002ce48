/** Image volumes, as a kubelet asks for them. */
import t from 'tap';
import { CriClient, sleeper } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(110_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

const config = {
  metadata: { name: 'volumes', uid: 'u1', namespace: 'ns', attempt: 0 },
  log_directory: `${runtime.folder}/logs`,
  linux: { security_context: { namespace_options: { network: 'NODE', pid: 'CONTAINER' } } },
};
const pod = { id: await cri.pod(config), config };

function volume(place: string, more: object = {}): object {
  const image = { image: 'volume', user_specified_image: 'volume' };
  return { container_path: place, readonly: true, image, ...more };
}

t.test(
  'image volumes: layers, sub-paths, read-only but not noexec, freed at the end',
  async (t) => {
    await runtime.run(
      'run',
      '--name',
      'maker',
      'busybox',
      'sh',
      '-c',
      'mkdir -p /data/in; echo hi > /data/in/file',
    );
    await runtime.run('commit', 'maker', 'volume');
    await runtime.run('rm', 'maker');
    const { image } = await cri.call('ImageStatus', { image: { image: 'volume' } });
    const mounts = [
      volume('/all'),
      volume('/data', { image_sub_path: 'data/in' }),
      volume('/one', { image_sub_path: 'data/in/file' }),
      volume('/bin2', { image_sub_path: 'bin' }),
    ];
    const id = await cri.run(pod, sleeper({ mounts }));
    t.equal(await cri.output(id, 'cat', '/all/data/in/file', '/data/file', '/one'), 'hi\nhi\nhi\n');
    t.match(await cri.output(id, 'touch', '/all/new'), /Read-only file system/);
    t.match(await cri.output(id, 'touch', '/data/new'), /Read-only file system/);
    t.equal(await cri.output(id, '/bin2/busybox', 'echo', 'runs'), 'runs\n');
    const status = await cri.statusOf(id);
    t.match(status.mounts[0], {
      container_path: '/all',
      host_path: '',
      image: { image: 'volume', user_specified_image: 'volume', image_ref: image.id },
    });
    const removed = await runtime.run('rmi', 'volume');
    t.not(removed.code, 0, 'an image that is mounted is in use');
    await cri.remove(id);
    t.equal((await runtime.run('rmi', 'volume')).code, 0);
  },
);

t.test('image volumes that cannot be are refused by name, and leave nothing', async (t) => {
  const refused = async (mount: object): Promise<void> => {
    const image = { image: 'busybox' };
    const mounts = [{ container_path: '/v', readonly: true, image, ...mount }];
    await t.rejects(cri.container(pod, sleeper({ mounts })), /ImageVolumeMountFailed/);
  };
  await refused({ readonly: false });
  await refused({ host_path: '/etc' });
  await refused({ image_sub_path: 'no/such' });
  await refused({ image_sub_path: '../..' });
  await refused({ image: { image: 'nosuchimage' } });
  const { images } = await cri.call('ListImages');
  t.equal(images.length, 1);
});

t.test('removing the pod leaves nothing', async (t) => {
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
  t.same(await runtime.leftovers(), []);
});
