/**
 * Chapters 8 and 14, the node's share: S8.1, S8.2, TC-04 to TC-06. How pods of several nodes reach
 * each other (S8.3 and on) is the overlay's to show.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { CriClient } from '../cri-client.ts';
import { until } from '../../until.ts';
import { makeHosts } from './hosts.ts';
import { missing, Reader } from './reader.ts';

const skip = missing('ip', 'tc', 'ps', 'jq', 'nft', 'socat');
if (skip !== undefined) {
  t.pass('skipped', { skip });
  process.exit(0);
}

t.setTimeout(280_000);
const hosts = makeHosts();
t.teardown(() => hosts[Symbol.dispose]());
const folder = mkdtempSync('/tmp/keelson-traffic-');
t.teardown(() => rmSync(folder, { recursive: true }));
mkdirSync(`${folder}/net.d`);
const plugins = `${folder}/bin`;
execFileSync(fileURLToPath(new URL('../../../scripts/install-cni', import.meta.url)), [plugins]);
const ipam = {
  type: 'host-local',
  dataDir: `${folder}/leases`,
  ranges: [[{ subnet: '10.85.0.0/16' }]],
  routes: [{ dst: '0.0.0.0/0' }],
};
const network = {
  cniVersion: '1.0.0',
  name: 'k8s-pod-network',
  plugins: [
    { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: true, ipam },
    { type: 'bandwidth', capabilities: { bandwidth: true } },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};
writeFileSync(`${folder}/net.d/10-pods.conflist`, JSON.stringify(network));
const flags = ['--cni-config', `${folder}/net.d`, '--cni-plugins', plugins];
const reader = await Reader.start({ flags }, hosts.host01);
t.teardown(() => reader[Symbol.asyncDispose]());
const see = reader.see.bind(reader);
const cri = new CriClient(reader.runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

async function makePod(
  name: string,
  annotations: object = {},
): Promise<{ id: string; ctr: string }> {
  const metadata = { name, uid: name, namespace: 'default', attempt: 0 };
  const namespace_options = { pid: 'CONTAINER' };
  const config = { metadata, annotations, linux: { security_context: { namespace_options } } };
  const id = await cri.pod(config);
  const command = ['sleep', '36000'];
  const container = { metadata: { name, attempt: 0 }, image: { image: 'busybox' }, command };
  return { id, ctr: await cri.run({ id, config }, container) };
}

async function removePod(id: string): Promise<void> {
  await cri.call('StopPodSandbox', { pod_sandbox_id: id });
  await cri.call('RemovePodSandbox', { pod_sandbox_id: id });
}

t.test('S8.1 the configuration, and the plugins that it names', async (t) => {
  t.equal(await see(`ls ${folder}/net.d`), '10-pods.conflist');
  const types = await see(`cat ${folder}/net.d/* | jq -r '.plugins[].type'`);
  t.equal(types, 'bridge\nbandwidth\nportmap');
  const programs = (await see(`ls ${plugins}`)).split('\n');
  for (const type of [...types.split('\n'), ipam.type]) t.ok(programs.includes(type), type);
});

t.test('S8.2 a pod’s namespace, its processes, and both ends of its cable', async (t) => {
  const { id } = await makePod('pod');
  const { info, status } = await cri.call('PodSandboxStatus', {
    pod_sandbox_id: id,
    verbose: true,
  });
  writeFileSync(`${folder}/inspectp`, info.info);
  const path = await see(
    `jq -r '.runtimeSpec.linux.namespaces[] | select(.type == "network").path' ${folder}/inspectp`,
  );
  t.match(path, /^\/var\/run\/netns\//);
  const name = path.split('/').at(-1) ?? '';
  t.match(await see(`ps -o args= $(ip netns pids ${name})`), /^sleep 36000$/m);
  const inside = await see(`ip netns exec ${name} ip addr`);
  t.match(inside, `inet ${status.network.ip}/16`);
  t.match(inside, /eth0@if\d+: .* state UP/);
  t.match(await see(`ip link | grep -B 1 ${name}`), /veth\w+@if\d+: .* master cni0/);
  await removePod(id);
});

/** Seconds that a pod needs to send so many bytes to the other host. */
async function secondsToSend(container: string, bytes: number): Promise<number> {
  const listen = ['netns', 'exec', hosts.host02, 'socat', '-d', '-d', '-u', 'TCP-LISTEN:9000', '-'];
  const server = spawn('ip', listen, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(server, 'exit');
  let received = 0;
  server.stdout.on('data', (chunk: Buffer) => (received += chunk.length));
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  if (!(await until(() => said.includes('listening')))) throw new Error(said);
  const begun = performance.now();
  const send = `head -c ${bytes} /dev/zero | busybox nc 192.168.61.12 9000`;
  await cri.call('ExecSync', { container_id: container, cmd: ['sh', '-c', send], timeout: 60 });
  await ended;
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes came`);
  return (performance.now() - begun) / 1000;
}

t.test('TC-04, TC-05 a pod’s own limit, by its annotations', async (t) => {
  const bytes = 400_000;
  const rate = '1M';
  const names = ['ingress', 'egress'].map((way) => `kubernetes.io/${way}-bandwidth`);
  const limited = await makePod('limited', Object.fromEntries(names.map((name) => [name, rate])));
  const free = await makePod('free');
  const limitedSeconds = await secondsToSend(limited.ctr, bytes);
  const freeSeconds = await secondsToSend(free.ctr, bytes);
  // Two buckets may be full at the beginning: half a megabit each.
  const least = (bytes * 8 - 2 * 64 * 1024 * 8) / 1e6;
  t.ok(limitedSeconds > least, `${limitedSeconds.toFixed(2)} s, at least ${least.toFixed(2)}`);
  t.ok(freeSeconds < limitedSeconds, `${freeSeconds.toFixed(2)} s without a limit`);
  const shown = await see('tc qdisc show');
  t.equal(shown.match(/qdisc tbf .* rate 1Mbit/g)?.length, 2, 'one each way');
  const bursts = [...shown.matchAll(/ burst (\d+)Kb/g)].map(([, size]) => Number(size));
  t.ok(bursts.length === 2 && bursts.every((size) => size <= 64), `bursts of ${bursts.join()} KiB`);
  await removePod(limited.id);
  await removePod(free.id);
  t.notMatch(await see('tc qdisc show'), /tbf|ingress/);
});

t.test('nothing of the pods is left', async (t) => {
  t.same(await reader.runtime.leftovers(), []);
  t.notMatch(await see('ip link'), /veth|bwp/);
  t.notMatch(readFileSync(`${reader.runtime.folder}/log`, 'utf8'), /"level":50/);
});
