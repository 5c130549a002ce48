import { fileURLToPath } from 'node:url';
import { readFile, mkdir, rename } from 'node:fs/promises';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import {
  loadPackageDefinition,
  type GrpcObject,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import t from 'tap';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(110_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());

type Answer = Record<string, never>;
type Callback = (error: ServiceError | null, answer: Answer) => void;

/** A client that shares no code with ours: the usual libraries on the .proto file. */
const proto = fileURLToPath(new URL('../../src/cri/runtime.proto', import.meta.url));
const definition = loadSync(proto, {
  keepCase: true,
  longs: Number,
  enums: String,
  defaults: true,
});
const services = loadPackageDefinition(definition)['runtime'] as GrpcObject;
const version = services['v1'] as Record<string, ServiceClientConstructor>;
const clients = ['RuntimeService', 'ImageService'].map((name) => {
  const Service = version[name];
  if (Service === undefined) throw new Error(name);
  const options = { 'grpc.max_receive_message_length': -1 };
  return new Service(`unix:${runtime.socket}`, credentials.createInsecure(), options);
});
t.teardown(() => clients.forEach((client: Client) => client.close()));

function call(method: string, request: object = {}): Promise<Answer> {
  const client = clients.find((client) => method in client);
  return new Promise((resolve, reject) => {
    const send = (client as unknown as Record<string, (request: object, done: Callback) => void>)[
      method
    ];
    send?.call(client, request, (error, answer) => {
      if (error === null) resolve(answer);
      else reject(error);
    });
  });
}

const pod = {
  metadata: { name: 'sandbox', uid: 'u1', namespace: 'crio', attempt: 2 },
  log_directory: `${runtime.folder}/logs`,
  labels: { app: 'x' },
  annotations: { 'a/b': 'c\nd' },
  linux: {
    cgroup_parent: `${runtime.name.replaceAll('-', '_')}.slice`,
    security_context: { namespace_options: { network: 'NODE', pid: 'CONTAINER' } },
  },
};

function container(name: string, args: readonly string[], more: object = {}): object {
  return {
    metadata: { name, attempt: 1 },
    image: { image: 'busybox' },
    args,
    log_path: `${name}.log`,
    labels: { role: name },
    annotations: { note: name },
    ...more,
  };
}

async function createPod(config: object = pod): Promise<string> {
  return (await call('RunPodSandbox', { config }))['pod_sandbox_id'] ?? '';
}

async function createContainer(podId: string, config: object): Promise<string> {
  const request = { pod_sandbox_id: podId, config, sandbox_config: pod };
  return (await call('CreateContainer', request))['container_id'] ?? '';
}

t.test('version, conditions and cgroup driver', async (t) => {
  t.match(await call('Version', { version: '0.1.0' }), {
    version: '0.1.0',
    runtime_name: 'keelson',
    runtime_api_version: 'v1',
  });
  t.match(await call('Status'), {
    status: {
      conditions: [
        { type: 'RuntimeReady', status: true },
        { type: 'NetworkReady', status: false },
      ],
    },
  });
  t.match(await call('RuntimeConfig'), { linux: { cgroup_driver: 'CGROUPFS' } });
});

t.test('pods: attributes come back, lists filter, stop and remove can be repeated', async (t) => {
  const id = await createPod();
  t.match(id, /^[0-9a-f]{64}$/);
  const { status, info } = await call('PodSandboxStatus', { pod_sandbox_id: id, verbose: true });
  const { metadata, labels, annotations } = pod;
  t.match(status, { id, metadata, labels, annotations, state: 'SANDBOX_READY' });
  t.ok(Number(status?.['created_at']) > 1.7e18, 'in nanoseconds');
  const document = JSON.parse(info?.['info'] ?? '') as { config: { linux: object } };
  t.match(document.config.linux, { cgroup_parent: pod.linux.cgroup_parent });
  await t.rejects(createPod(), /in use/, 'the same pod twice');
  const ids = async (filter: object): Promise<string[]> =>
    (((await call('ListPodSandbox', { filter }))['items'] ?? []) as { id: string }[]).map(
      ({ id }) => id,
    );
  t.same(await ids({ label_selector: { app: 'x' } }), [id]);
  t.same(await ids({ label_selector: { app: 'y' } }), []);
  t.same(await ids({ id: id.slice(0, 13) }), [id]);
  for (let round = 0; round < 2; round += 1) await call('StopPodSandbox', { pod_sandbox_id: id });
  t.same(await ids({ state: { state: 'SANDBOX_NOTREADY' } }), [id]);
  for (let round = 0; round < 2; round += 1) await call('RemovePodSandbox', { pod_sandbox_id: id });
  await t.rejects(call('PodSandboxStatus', { pod_sandbox_id: id }), { code: 5 });
  t.same(await runtime.leftovers(), []);
});

t.test('a pod network without a configuration is refused, and nothing is left', async (t) => {
  await t.rejects(createPod({ ...pod, linux: {} }), /No network configuration in/);
  await t.rejects(
    call('RunPodSandbox', { config: pod, runtime_handler: 'kata' }),
    /handler "kata"/,
  );
  t.same(await runtime.leftovers(), []);
});

t.test('containers: life, status, exec, logs, statistics', async (t) => {
  await mkdir(`${runtime.folder}/logs`, { recursive: true });
  const podId = await createPod();
  const script = 'echo out; echo err >&2; trap "exit 5" TERM; while :; do sleep 0.05; done';
  const config = container('main', ['sh', '-c', script], {
    envs: [{ key: 'K', value: Buffer.from('v') }],
    linux: {
      resources: { cpu_period: 100000, cpu_quota: 10000 },
      security_context: { run_as_user: { value: 1000 }, namespace_options: { pid: 'CONTAINER' } },
    },
  });
  const id = await createContainer(podId, config);
  const status = async (): Promise<Answer> =>
    (await call('ContainerStatus', { container_id: id }))['status'] ?? ({} as Answer);
  t.match(await status(), { state: 'CONTAINER_CREATED', labels: { role: 'main' } });
  await call('StartContainer', { container_id: id });
  t.match(await status(), {
    state: 'CONTAINER_RUNNING',
    metadata: { name: 'main', attempt: 1 },
    annotations: { note: 'main' },
    user: { linux: { uid: 1000, gid: 1001 } },
    stop_signal: 'SIGNAL_SIGTERM',
    resources: { linux: { cpu_quota: 10000 } },
    log_path: `${runtime.folder}/logs/main.log`,
  });
  const { info } = await call('ContainerStatus', { container_id: id, verbose: true });
  const { pid } = JSON.parse(info?.['info'] ?? '') as { pid: number };
  t.match(await readFile(`/proc/${pid}/cmdline`, 'utf8'), /^sh\0-c\0echo out/);

  const exec = { container_id: id, cmd: ['sh', '-c', 'echo $K; echo no >&2; exit 4'] };
  const result = await call('ExecSync', exec);
  t.match(result, { exit_code: 4, stdout: Buffer.from('v\n'), stderr: Buffer.from('no\n') });
  const slow = { container_id: id, cmd: ['sleep', '30'], timeout: 1 };
  await t.rejects(call('ExecSync', slow), { code: 4 }, 'a command that takes too long');

  t.match(await call('ContainerStats', { container_id: id }), {
    stats: { attributes: { id, labels: { role: 'main' } }, cpu: {}, writable_layer: {} },
  });
  await rename(`${runtime.folder}/logs/main.log`, `${runtime.folder}/logs/main.log.1`);
  await call('ReopenContainerLog', { container_id: id });
  t.equal(await readFile(`${runtime.folder}/logs/main.log`, 'utf8'), '');
  const log = await readFile(`${runtime.folder}/logs/main.log.1`, 'utf8');
  t.match(log, /^\S+ stdout F out$/m);
  t.match(log, /^\S+ stderr F err$/m);

  for (let round = 0; round < 2; round += 1) {
    await call('StopContainer', { container_id: id, timeout: 10 });
  }
  t.match(await status(), { state: 'CONTAINER_EXITED', exit_code: 5, reason: 'Error' });
  for (let round = 0; round < 2; round += 1) await call('RemoveContainer', { container_id: id });
  await t.rejects(status(), { code: 5 });
  await call('RemovePodSandbox', { pod_sandbox_id: podId });
  t.same(await runtime.leftovers(), []);
});

t.test('a program that cannot start leaves an ended container with a reason', async (t) => {
  const podId = await createPod();
  const id = await createContainer(podId, container('bad', ['nosuch']));
  await t.rejects(call('StartContainer', { container_id: id }), /nosuch/);
  t.match(await call('ContainerStatus', { container_id: id }), {
    status: { state: 'CONTAINER_EXITED', reason: 'StartError' },
  });
  await t.rejects(createContainer(podId, container('bad', ['x'])), /in use/);
  const missing = container('none', ['x'], { image: { image: 'nosuch' } });
  await t.rejects(createContainer(podId, missing), { code: 5 });
  const group = { linux: { security_context: { run_as_group: { value: 5 } } } };
  await t.rejects(createContainer(podId, container('group', ['x'], group)), { code: 3 });
  await call('RemovePodSandbox', { pod_sandbox_id: podId });
  t.same(await runtime.leftovers(), []);
});

t.test('exec output is cut at 16 MiB without an error', async (t) => {
  const podId = await createPod();
  const id = await createContainer(podId, container('big', ['sleep', '60']));
  await call('StartContainer', { container_id: id });
  const cmd = ['sh', '-c', 'head -c 20000000 /dev/zero; echo end >&2; exit 2'];
  const { stdout, stderr, exit_code } = await call('ExecSync', { container_id: id, cmd });
  t.equal((stdout as unknown as Buffer).length + 4, 16 * 1024 * 1024 - 64);
  t.same(stderr, Buffer.from('end\n'));
  t.equal(exit_code, 2);
  await call('RemovePodSandbox', { pod_sandbox_id: podId });
});

t.test('images: one id everywhere, absent ones are no error', async (t) => {
  const { image } = await call('ImageStatus', { image: { image: 'busybox' } });
  const id = image?.['id'] ?? '';
  t.match(id, /^sha256:[0-9a-f]{64}$/);
  t.match(image, { repo_tags: ['docker.io/library/busybox:latest'], uid: { value: 0 } });
  t.same((await call('ImageStatus', { image: { image: 'nosuch' } }))['image'], null);
  const podId = await createPod();
  const containerId = await createContainer(podId, container('im', ['true']));
  t.match(await call('ListContainers', {}), { containers: [{ id: containerId, image_id: id }] });
  await call('RemovePodSandbox', { pod_sandbox_id: podId });
  t.match(await call('ImageFsInfo'), { image_filesystems: [{ fs_id: {} }] });
  await call('RemoveImage', { image: { image: 'nosuch' } });
  // A kubelet backs off from an unavailable registry by these very words, of code UNKNOWN.
  const unavailable = /^2 UNKNOWN: RegistryUnavailable: Registry "127.0.0.1:1" is unreachable/;
  await t.rejects(call('PullImage', { image: { image: '127.0.0.1:1/x:1' } }), unavailable);
});

t.test(
  "the command line's containers are not a kubelet's to see, but both are in ps",
  async (t) => {
    const podId = await createPod();
    const id = await createContainer(podId, container('seen', ['sleep', '60']));
    t.match(await call('ListContainers', {}), { containers: [{ state: 'CONTAINER_CREATED' }] });
    await call('StartContainer', { container_id: id });
    await runtime.run('run', '-d', '--name', 'own', 'busybox', 'sleep', '60');
    const { containers } = await call('ListContainers', {});
    t.equal((containers as unknown as object[]).length, 1);
    t.match(containers, [{ state: 'CONTAINER_RUNNING' }], 'a list is not older than its items');
    const { items } = await call('ListPodSandbox', {});
    t.equal((items as unknown as object[]).length, 1);
    const { stdout } = await runtime.run('ps', '--format', '{{.Names}}');
    t.match(stdout, /^own$/m);
    t.match(stdout, /^seen_/m);
    await runtime.run('rm', '-f', 'own');
    await call('RemovePodSandbox', { pod_sandbox_id: podId });
    t.same(await runtime.leftovers(), []);
  },
);
