/**
 * containerd's CRI plugin runs pods through our binaries in /opt/cni/bin, with the configuration
 * that containerd's own scripts/setup/install-cni writes, in namespaces of the test's.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type Answer, CriClient } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';
import { until } from '../until.ts';

const missing = ['containerd', 'runc', 'ctr'].filter(
  (program) => spawnSync('which', [program]).status !== 0,
);
if (process.getuid?.() !== 0 || missing.length > 0) {
  t.pass('skipped', { skip: `needs root, ${missing.join(', ')}` });
  process.exit(0);
}

t.setTimeout(280_000);
const folder = mkdtempSync('/tmp/keelson-criclient-');
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const socket = `${folder}/containerd.sock`;

const network = {
  cniVersion: '1.0.0',
  name: 'containerd-net',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: true,
      promiscMode: true,
      ipam: {
        type: 'host-local',
        ranges: [[{ subnet: '10.86.0.0/16' }], [{ subnet: '2001:db8:4860::/64' }]],
        routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
      },
    },
    {
      type: 'portmap',
      capabilities: { portMappings: true },
      externalSetMarkChain: 'KUBE-MARK-MASQ',
    },
  ],
};

const configuration = `
version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
  address = "${socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/library/pause:latest"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/opt/cni/bin"
  conf_dir = "${folder}/net.d"
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "native"
  default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`;

/** Our service answers the binaries; containerd is the one who executes them. */
const script = `
set -e
ip link set lo up
mount --bind ${folder}/cni /var/lib/cni
mount --bind ${folder}/service /run/keelson
mount --bind ${folder}/bin /opt/cni/bin
${process.execPath} ${path('../cni/resident-process.ts')} /run/keelson >${folder}/said 2>&1 &
until grep -q ready ${folder}/said; do sleep 0.1; done
exec containerd --config ${folder}/config.toml --log-level error >${folder}/log 2>&1
`;

async function saveImages(): Promise<string> {
  await using runtime = await PrivateRuntime.start();
  const change = ['--change', 'CMD ["/bin/sleep", "1000000"]'];
  const { code, stderr } = await runtime.run(
    'import',
    ...change,
    `${runtime.folder}/rootfs.tar`,
    'pause',
  );
  if (code !== 0) throw new Error(stderr);
  const saved = await runtime.run('save', '-o', `${folder}/images.tar`, 'busybox', 'pause');
  if (saved.code !== 0) throw new Error(saved.stderr);
  return `${folder}/images.tar`;
}

/** All of it ends with its first process: nothing survives a test that fails. */
function startAll(): () => Promise<void> {
  const flags = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const child = spawn('unshare', [...flags, 'bash', '-c', script], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return async () => {
    child.kill('SIGKILL');
    await ended;
  };
}

for (const name of ['cni', 'net.d', 'service', 'logs']) mkdirSync(join(folder, name));
for (const place of ['/var/lib/cni', '/run/keelson', '/opt/cni/bin']) {
  mkdirSync(place, { recursive: true });
}
execFileSync(path('../../scripts/install-cni'), [join(folder, 'bin')]);
writeFileSync(`${folder}/net.d/10-containerd-net.conflist`, JSON.stringify(network));
writeFileSync(`${folder}/config.toml`, configuration);
const archive = await saveImages();
t.teardown(startAll());
const cri = new CriClient(socket);
t.teardown(() => cri[Symbol.dispose]());

const answers = (): Promise<boolean> =>
  cri.call('Version').then(
    () => true,
    () => false,
  );

function makePod(name: string, port_mappings: object[] = []): Promise<string> {
  return cri.pod({
    metadata: { name, uid: name, namespace: 'default', attempt: 0 },
    hostname: name,
    log_directory: `${folder}/logs`,
    port_mappings,
    linux: { cgroup_parent: '/keelson-clients' },
  });
}

async function addressesOf(id: string): Promise<string[]> {
  const { status }: Answer = await cri.call('PodSandboxStatus', { pod_sandbox_id: id });
  const { ip, additional_ips: more } = status.network;
  return [ip, ...more.map((address: Answer) => address.ip)];
}

t.test("containerd's pods are on our network, reach each other, and leave nothing", async (t) => {
  t.ok(await until(answers), 'containerd answers');
  execFileSync('ctr', [
    '-a',
    socket,
    '-n',
    'k8s.io',
    'image',
    'import',
    '--snapshotter',
    'native',
    archive,
  ]);
  const isReady = async (): Promise<boolean> =>
    (await cri.call('Status')).status.conditions.every(({ status }: Answer) => status);
  t.ok(await until(isReady), 'and finds the network ready');
  const [server, client] = [
    await makePod('server', [{ protocol: 'TCP', container_port: 8080, host_port: 18080 }]),
    await makePod('client'),
  ];
  const addresses = await addressesOf(server);
  t.match(addresses[0], /^10\.86\.0\.\d+$/);
  t.match(addresses[1], /^2001:db8:4860::/);
  t.equal(existsSync(`${folder}/cni/networks/containerd-net/${addresses[0]}`), true, 'as a lease');
  const run = (pod: string, command: string[]): Promise<string> => {
    const metadata = { name: pod.slice(0, 8), attempt: 0 };
    const sandbox = { metadata: { name: 'x', uid: 'x', namespace: 'default' } };
    const config = { metadata, image: { image: 'docker.io/library/busybox:latest' }, command };
    return cri.run({ id: pod, config: { ...sandbox, linux: {} } }, config);
  };
  const answer = 'printf "HTTP/1.0 200 OK\\r\\n\\r\\nhello"';
  await run(server, ['/bin/sh', '-c', `busybox httpd -p 8080 -h /etc; ${answer}; sleep 100000`]);
  const own = await run(client, ['/bin/sleep', '100000']);
  t.match(await cri.output(own, '/bin/ip', 'addr'), /eth0@if\d+/);
  for (const address of addresses) {
    const url = `http://${address.includes(':') ? `[${address}]` : address}:8080/passwd`;
    const fetched = (): Promise<string> => cri.output(own, '/bin/busybox', 'wget', '-qO-', url);
    t.ok(await until(async () => (await fetched()).startsWith('root:')), url);
  }
  const gateway = await cri.output(own, '/bin/ip', 'route');
  t.match(gateway, /default via 10\.86\.0\.1 dev eth0/);
  const published = (): Promise<string> =>
    cri.output(own, '/bin/busybox', 'wget', '-qO-', 'http://10.86.0.1:18080/passwd');
  t.ok(await until(async () => (await published()).startsWith('root:')), 'by the port of the host');
  for (const id of [server, client]) {
    await cri.call('StopPodSandbox', { pod_sandbox_id: id });
    await cri.call('RemovePodSandbox', { pod_sandbox_id: id });
  }
  // Addresses that were just released are kept back for a while.
  const places = [`${folder}/cni`, `${folder}/service/cni`];
  const filter = ['-type', 'f', '!', '-path', '*/.keelson/*'];
  const left = execFileSync('find', [...places, ...filter], { encoding: 'utf8' });
  t.notMatch(left, /10\.86\.0\.|2001:|eth0/, 'no lease, result or journal is left');
  t.notMatch(readFileSync(`${folder}/log`, 'utf8'), /level=(fatal|panic)/);
});
