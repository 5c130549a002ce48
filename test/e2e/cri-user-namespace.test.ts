/** Pods with a user namespace of their own, as a kubelet with `hostUsers: false` asks for them. */
import { execFileSync } from 'node:child_process';
import { chownSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Answer, CriClient, sleeper } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(180_000);
const host = `keelson-userns-${process.pid}`;
execFileSync('ip', ['netns', 'add', host]);
t.teardown(() => execFileSync('ip', ['netns', 'delete', host]));
execFileSync('ip', ['-n', host, 'link', 'set', 'lo', 'up']);

const folder = t.testdir({ 'net.d': {}, bin: {}, volume: { file: 'text' } });
const ranges = [[{ subnet: '10.89.0.0/16' }]];
const ipam = { type: 'host-local', dataDir: `${folder}/leases`, ranges };
const plugins = [{ type: 'bridge', bridge: 'br0', isGateway: true, ipam }];
const network = { cniVersion: '1.0.0', name: 'users', plugins };
writeFileSync(`${folder}/net.d/10-users.conflist`, JSON.stringify(network));
process.env['KEELSON_CNI_CONFIG'] = `${folder}/net.d`;
process.env['KEELSON_CNI_PLUGINS'] = `${folder}/bin`;
const runtime = await PrivateRuntime.start({ within: ['nsenter', `--net=/run/netns/${host}`] });
t.teardown(() => runtime[Symbol.asyncDispose]());
let cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

const mappings = (hostId: number): object[] => [
  { host_id: hostId, container_id: 0, length: 65_536 },
];

interface Pod {
  readonly id: string;
  readonly config: object;
  readonly hostId: number;
  readonly more: object;
}

function podConfig(name: string, hostId: number, more: object = {}): object {
  const userns_options = { mode: 'POD', uids: mappings(hostId), gids: mappings(hostId) };
  return {
    metadata: { name, uid: name, namespace: 'ns', attempt: 0 },
    linux: { security_context: { namespace_options: { userns_options, ...more } } },
  };
}

async function makePod(name: string, hostId: number, more: object = {}): Promise<Pod> {
  const config = podConfig(name, hostId, more);
  return { id: await cri.pod(config), config, hostId, more };
}

/** With the pod's namespaces named in its own context too, as the kubelet does it. */
async function run(pod: Pod, more: object = {}): Promise<string> {
  const uids = mappings(pod.hostId);
  const userns_options = { mode: 'POD', uids, gids: uids };
  const linux = { security_context: { namespace_options: { userns_options, ...pod.more } } };
  return await cri.run(pod, sleeper({ image: { image: 'owners' }, linux, ...more }));
}

function volume({ hostId }: Pod, more: object = {}): object {
  const map = mappings(hostId);
  const place = { host_path: join(folder, 'volume'), container_path: '/volume' };
  return { ...place, uidMappings: map, gidMappings: map, ...more };
}

const sh = (id: string, script: string): Promise<string> => cri.output(id, 'sh', '-c', script);

async function pidOf(id: string): Promise<number> {
  const { info } = await cri.call('ContainerStatus', { container_id: id, verbose: true });
  return Number(JSON.parse(info.info).pid);
}

const hostUid = (pid: number): number =>
  Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

async function makeImage(): Promise<void> {
  const script =
    'mkdir -p /data; echo x > /data/file; chown 1000:1001 /data/file; chmod 4755 /data';
  const { code, stderr } = await runtime.run(
    'run',
    '--name',
    'maker',
    'busybox',
    'sh',
    '-c',
    script,
  );
  if (code !== 0) throw new Error(stderr);
  await runtime.run('commit', 'maker', 'owners');
  await runtime.run('rm', 'maker');
}

await makeImage();
chownSync(join(folder, 'volume'), 0, 0);
chownSync(join(folder, 'volume/file'), 1000, 1001);

const first = await makePod('first', 300_000);
const second = await makePod('second', 400_000, { pid: 'CONTAINER' });
const containers: { pod: Pod; id: string }[] = [];

t.test('the runtime says that it can', async (t) => {
  const { runtime_handlers } = await cri.call('Status');
  const own = runtime_handlers.find(({ name }: Answer) => name === '');
  t.match(own, { features: { user_namespaces: true } });
});

t.test('two pods with ranges of their own: root inside, nobody outside', async (t) => {
  for (const pod of [first, second]) {
    const id = await run(pod, { mounts: [volume(pod)] });
    containers.push({ pod, id });
    t.equal(await cri.output(id, 'id', '-u'), '0\n');
    const map = (await cri.output(id, 'cat', '/proc/self/uid_map')).trim().split(/\s+/);
    t.same(map, ['0', String(pod.hostId), '65536']);
    t.equal(hostUid(await pidOf(id)), pod.hostId);
  }
  const spaces = await Promise.all(
    containers.map(({ id }) => cri.output(id, 'readlink', '/proc/self/ns/user')),
  );
  t.equal(new Set(spaces).size, 2);
});

t.test("the image's files have their owners inside, and are the same layers", async (t) => {
  for (const { id } of containers) {
    const owners = await sh(id, 'stat -c "%u:%g" /bin/busybox /data/file');
    t.equal(owners, '0:0\n1000:1001\n');
    await sh(id, 'echo new > /data/new; chown 7:8 /data/new; chown 9 /data/file');
    t.equal(await sh(id, 'stat -c "%u:%g" /data/new /data/file'), '7:8\n9:1001\n');
  }
});

t.test('a volume is mapped for both: owners are the same, inside and on the host', async (t) => {
  for (const { pod, id } of containers) {
    t.equal(await sh(id, 'stat -c "%u:%g" /volume/file; cat /volume/file'), '1000:1001\ntext');
    const name = `by-${pod.hostId}`;
    await sh(id, `echo x > /volume/${name}; chown 1000 /volume/${name}`);
    const { uid, gid } = lstatSync(join(folder, 'volume', name));
    t.same([uid, gid], [1000, 0]);
  }
  t.match(await sh(containers[1]?.id ?? '', 'cat /volume/by-300000'), 'x');
});

t.test('a volume without mappings belongs to nobody inside', async (t) => {
  const place = { host_path: join(folder, 'volume'), container_path: '/plain' };
  const id = await run(first, { mounts: [place] });
  t.equal(await sh(id, 'stat -c %u /plain/file'), '65534\n');
  await cri.remove(id);
});

t.test('a user of the container is one of the range', async (t) => {
  const run_as_user = { value: 1000 };
  const options = {
    userns_options: { mode: 'POD', uids: mappings(300_000), gids: mappings(300_000) },
  };
  const linux = { security_context: { run_as_user, namespace_options: options } };
  const id = await run(first, { linux });
  t.equal(await cri.output(id, 'id', '-u'), '1000\n');
  t.equal(hostUid(await pidOf(id)), 301_000);
  t.match(await sh(id, 'echo x > /data/by-user'), /denied/i);
  await cri.remove(id);
});

t.test('root of the pod is not the host’s: devices, mounts of the host, other pods', async (t) => {
  const [{ id } = { id: '' }] = containers;
  t.match(await sh(id, 'mount -t tmpfs none /tmp'), /denied|not permitted/);
  t.match(await sh(id, 'echo 1 > /proc/sys/kernel/panic'), /denied|not permitted/i);
  const other = await pidOf(containers[1]?.id ?? '');
  t.throws(() =>
    execFileSync('setpriv', ['--reuid=300000', '--clear-groups', 'kill', '-0', String(other)], {
      stdio: 'ignore',
    }),
  );
});

t.test('exec and cp know the owners, also after a restart', async (t) => {
  const [{ id } = { id: '' }] = containers;
  for (const round of [1, 2]) {
    const out = join(folder, `out${round}`);
    mkdirSync(out);
    const copied = await runtime.run('cp', `${id}:/data/new`, out);
    t.equal(copied.code, 0, copied.stderr);
    t.equal(readFileSync(join(out, 'new'), 'utf8'), 'new\n');
    writeFileSync(join(out, 'in'), 'from outside\n');
    t.equal((await runtime.run('cp', join(out, 'in'), `${id}:/data/in${round}`)).code, 0);
    t.equal(await sh(id, `cat /data/in${round}; stat -c %u /data/in${round}`), 'from outside\n0\n');
    t.equal(await cri.output(id, 'id', '-u'), '0\n');
    if (round === 2) continue;
    await runtime.down('SIGKILL');
    await runtime.up();
    cri[Symbol.dispose]();
    cri = new CriClient(runtime.socket);
  }
});

t.test('what cannot be is refused in words', async (t) => {
  const onHost = podConfig('wrong', 500_000, { network: 'NODE' });
  await t.rejects(cri.pod(onHost), { code: 12, details: /needs a network of its own/ });
  const uids = [...mappings(500_000), ...mappings(600_000)];
  const two = podConfig('wrong', 0, { userns_options: { mode: 'POD', uids, gids: uids } });
  await t.rejects(cri.pod(two), { code: 3, details: /one mapping, not 2/ });
  const none = podConfig('wrong', 0, { userns_options: { mode: 'POD' } });
  await t.rejects(cri.pod(none), { code: 3, details: /one mapping, not 0/ });
});

t.test('they go and leave nothing', async (t) => {
  for (const { id } of [first, second]) {
    await cri.call('StopPodSandbox', { pod_sandbox_id: id });
    await cri.call('RemovePodSandbox', { pod_sandbox_id: id });
  }
  t.same(await runtime.leftovers(), []);
});
