/** The kubelet's API over a runtime of our own, as kubectl and a coordinator use it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import t from 'tap';
import type { Stored } from '../../src/api/client/client.ts';
import { HttpClient } from '../../src/api/client/http-client.ts';
import { resources } from '../../src/api/client/resources.ts';
import type { ContainerStatus, Pod } from '../../src/api/types/generated/core-v1.ts';
import { systemClock } from '../../src/base/clock.ts';
import { openLog } from '../../src/base/log.ts';
import { readKubeletConfiguration } from '../../src/kubelet/config/kubelet-configuration.ts';
import { findAddresses } from '../../src/kubelet/node/addresses.ts';
import { openNodeState } from '../../src/kubelet/node/open-node-state.ts';
import { openRuntime } from '../../src/kubelet/runtime/open-runtime.ts';
import { serveKubelet } from '../../src/kubelet/serve/serve-kubelet.ts';
import { succeeds } from '../cluster/kubelet/succeeds.ts';
import { SharedCoordinator } from '../cluster/security/shared-coordinator.ts';
import { CriClient } from './cri-client.ts';
import { noVolumes, PodTable } from './kubelet-parts.ts';
import { PrivateRuntime } from './private-runtime.ts';

const addresses = await findAddresses().catch(() => []);
if (process.getuid?.() !== 0 || addresses.length === 0) {
  t.pass('skipped', { skip: 'needs root, and an address besides the loopback' });
  process.exit(0);
}

t.setTimeout(300_000);
const log = openLog('test');
log.level = 'silent';
const shared = await SharedCoordinator.start();
t.teardown(() => shared[Symbol.asyncDispose]());
const { process: coordinator, skip } = shared;
const runtimeProcess = await PrivateRuntime.start();
t.teardown(() => runtimeProcess[Symbol.asyncDispose]());
const { folder } = runtimeProcess;
const cri = new CriClient(runtimeProcess.socket);
t.teardown(() => cri[Symbol.dispose]());
const runtime = openRuntime(runtimeProcess.socket);
t.teardown(() => runtime[Symbol.dispose]());
const { url: server, authority, certificate, key } = coordinator;
const client = new HttpClient({ server, authority, certificate, key }, 'kubelet');
t.teardown(() => client[Symbol.asyncDispose]());
const logs = `${folder}/logs`;
mkdirSync(logs);

const { configuration, document } = readKubeletConfiguration(
  [
    'apiVersion: kubelet.config.k8s.io/v1beta1',
    'kind: KubeletConfiguration',
    'failSwapOn: false',
    'port: 0',
    'healthzPort: 0',
    `podLogsDir: ${logs}`,
  ].join('\n'),
);
const pods = new PodTable();
const node = await openNodeState({
  name: 'host01',
  client,
  clock: systemClock,
  log,
  configuration,
  runtime,
  root: folder,
  tell: () => undefined,
});
t.teardown(() => node[Symbol.asyncDispose]());
t.teardown(async () => {
  for (const id of pods.sandboxes.values()) await runtime.stopPod(id);
  for (const id of pods.sandboxes.values()) await runtime.removePod(id);
});
const kubelet = await serveKubelet({
  configuration,
  document,
  node,
  pods,
  volumes: noVolumes,
  runtime,
  client,
  clock: systemClock,
  log,
  certificates: `${folder}/pki`,
  root: folder,
  authority,
});
t.teardown(() => kubelet[Symbol.asyncDispose]());
node.servesOn(kubelet.port);
await succeeds(async () => {
  const found = await client.get(resources.nodes, { namespace: '', name: 'host01' });
  if (found.status?.daemonEndpoints?.kubeletEndpoint?.Port !== kubelet.port) throw new Error('no');
});

const account = { namespace: 'default', name: 'default' };

/** A pod that runs on this node: in the API, in the table and in the runtime. */
async function runPod(name: string, command: readonly string[]): Promise<Stored<Pod>> {
  await succeeds(() => client.get(resources.serviceAccounts, account));
  const made = await client.create(resources.pods, {
    metadata: { name, namespace: 'default' },
    spec: { nodeName: 'host01', containers: [{ name: 'main', image: 'busybox' }] },
  });
  const { uid } = made.metadata;
  const config = {
    metadata: { name, uid, namespace: 'default', attempt: 0 },
    log_directory: `${logs}/default_${name}_${uid}`,
    linux: { security_context: { namespace_options: { network: 'NODE' } } },
  };
  mkdirSync(`${config.log_directory}/main`, { recursive: true });
  const sandbox = await cri.pod(config);
  const id = await cri.run(
    { id: sandbox, config },
    {
      metadata: { name: 'main' },
      image: { image: 'busybox' },
      log_path: 'main/0.log',
      command,
    },
  );
  pods.sandboxes.set(uid, sandbox);
  pods.containers.set(`${uid}/main`, id);
  const status: ContainerStatus = {
    name: 'main',
    image: 'busybox',
    imageID: 'x',
    ready: true,
    restartCount: 0,
    containerID: `keelson://${id}`,
    state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
  };
  const pod = await client.patch(resources.pods, made.metadata as never, {
    type: 'merge',
    subresource: 'status',
    document: { status: { phase: 'Running', containerStatuses: [status] as never } },
  });
  pods.put(pod);
  return pod;
}

const logOf = ({ metadata }: Stored<Pod>) =>
  `${logs}/default_${metadata.name}_${metadata.uid}/main/0.log`;

interface Asked {
  readonly status: number;
  readonly text: string;
}

function ask(path: string, options: object = {}): Promise<Asked> {
  const { promise, resolve, reject } = Promise.withResolvers<Asked>();
  const { port } = kubelet;
  const target = { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false };
  request({ ...target, ...options }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
  })
    .once('error', reject)
    .end();
  return promise;
}

const asAdmin = (path: string, options: object = {}) =>
  ask(path, { cert: certificate, key, ...options });

function kubectl(...args: readonly string[]): ChildProcess {
  const all = [`--cache-dir=${coordinator.folder}/cache`, ...args];
  const env = { PATH: process.env['PATH'] ?? '', KUBECONFIG: coordinator.kubeconfig };
  return spawn(shared.kubectls.at(-1) ?? '', all, { env, stdio: ['pipe', 'pipe', 'pipe'] });
}

t.test('kubectl reads logs and follows them to their end', { skip }, async (t) => {
  const script = 'for i in 0 1 2 3 4; do echo line $i; done; echo bad >&2; sleep 1000';
  const pod = await runPod('talker', ['sh', '-c', script]);
  const name = pod.metadata.name;
  await succeeds(async () => {
    const text = await shared.run('logs', name);
    if (!text.includes('line 4') || !text.includes('bad')) throw new Error(text);
  });
  t.equal((await shared.run('logs', name)).split('\n').length, 7);
  t.equal(await shared.run('logs', name, '--limit-bytes=6'), 'line 0');
  t.match(await shared.run('logs', name, '--tail=2'), /^(line 4\nbad|bad\nline 4)\n$/);
  t.match(await shared.run('logs', name, '--timestamps', '--tail=1'), /^\d{4}-.*\.\d{9}\S+ /);
  t.match(await shared.run('logs', name, '--since=1h'), /line 0/);
  t.match(await shared.refusal('logs', name, '--previous'), /previous terminated container "main"/);
  const follower = kubectl('logs', '-f', name);
  const ended = once(follower, 'exit');
  let heard = '';
  follower.stdout?.setEncoding('utf8').on('data', (part: string) => (heard += part));
  await succeeds(async () => {
    if (!heard.includes('line 4')) throw new Error(heard);
  });
  const [id] = pods.containers.values();
  await cri.call('StopContainer', { container_id: id, timeout: 0 });
  const [code] = (await ended) as [number];
  t.equal(code, 0, 'it ends with the container');
});

t.test('kubectl runs commands, with input, terminal and exit code', { skip }, async (t) => {
  await runPod('worker', ['sleep', '1000']);
  t.equal(await shared.run('exec', 'worker', '--', 'echo', 'a  b'), 'a  b\n');
  const failing = kubectl('exec', 'worker', '--', 'sh', '-c', 'exit 7');
  t.same((await once(failing, 'exit'))[0], 7);
  const cat = kubectl('exec', '-i', 'worker', '--', 'cat');
  let heard = '';
  cat.stdout?.setEncoding('utf8').on('data', (part: string) => (heard += part));
  const ended = once(cat, 'exit');
  cat.stdin?.end('x'.repeat(300_000));
  await ended;
  t.equal(heard.length, 300_000);
  t.match(await shared.refusal('exec', 'worker', '-c', 'none', '--', 'ls'), /none/);
  const file = `${folder}/copied`;
  writeFileSync(file, 'content');
  await shared.run('cp', file, 'worker:/tmp/copied');
  t.equal(await shared.run('exec', 'worker', '--', 'cat', '/tmp/copied'), 'content');
});

t.test('kubectl forwards a port', { skip }, async (t) => {
  await runPod('server', ['sleep', '1000']);
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  t.teardown(() => echo.close());
  const { port } = echo.address() as AddressInfo;
  const forward = kubectl('port-forward', 'pod/server', `:${port}`);
  t.teardown(() => forward.kill());
  let said = '';
  forward.stdout?.setEncoding('utf8').on('data', (part: string) => (said += part));
  const local = await succeeds(async () => {
    const found = /127\.0\.0\.1:(\d+) ->/.exec(said)?.[1];
    if (found === undefined) throw new Error(said);
    return found;
  });
  const { stdout } = await new Promise<{ stdout: string }>((resolve) => {
    const script = `exec 3<>/dev/tcp/127.0.0.1/${local}; echo hello >&3; read -t 30 l <&3; echo $l`;
    execFile('bash', ['-c', script], (_error, out) => resolve({ stdout: out }));
  });
  t.equal(stdout, 'hello\n');
});

t.test('who asks has to be known, and to be allowed', async (t) => {
  t.match(await ask('/pods'), { status: 401 });
  t.match(await ask('/pods', { headers: { Authorization: 'Bearer wrong' } }), { status: 401 });
  await succeeds(() => client.get(resources.serviceAccounts, account));
  const { status } = (await client.post(
    resources.serviceAccounts,
    { ...account, subresource: 'token' },
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  )) as { status?: { token?: string } };
  const headers = { Authorization: `Bearer ${status?.token ?? ''}` };
  t.match(await ask('/pods', { headers }), {
    status: 403,
    text: /^Forbidden \(user=system:serviceaccount:default:default, verb=get, resource=nodes, /,
  });
  t.match(await asAdmin('/pods'), { status: 200, text: /"kind":"PodList"/ });
  t.match(await asAdmin('/runningpods/'), { status: 200, text: /"kind":"PodList"/ });
  t.match(await asAdmin('/healthz'), { status: 200, text: 'ok' });
  t.match(await asAdmin('/configz'), { status: 200, text: /"maxPods":110/ });
  t.match(await asAdmin('/nothing'), { status: 404 });
  t.match(await asAdmin('/exec/default/worker/main?command=ls&output=1'), {
    status: 400,
    text: 'Upgrade request required',
  });
  t.match(await asAdmin('/containerLogs/default/none/main'), {
    status: 404,
    text: 'pod "none" does not exist',
  });
  t.match(await asAdmin('/%ff'), { status: 404 });
});

t.test('a log that leads elsewhere is not read', { skip }, async (t) => {
  const pod = await runPod('liar', ['sleep', '1000']);
  const path = logOf(pod);
  unlinkSync(path);
  symlinkSync('/etc/passwd', path);
  const refused = await shared.refusal('logs', 'liar');
  t.match(refused, /leads elsewhere|does not let/);
  t.notMatch(await asAdmin('/containerLogs/default/liar/main'), { text: /root/ });
  unlinkSync(path);
  execFile('mkfifo', [path]);
  await succeeds(async () => {
    const { text } = await asAdmin('/containerLogs/default/liar/main');
    if (!/no regular file/.test(text)) throw new Error(text);
  });
  unlinkSync(path);
  writeFileSync(path, `2026-01-01T00:00:00Z stdout F ${'y'.repeat(10)}\nno line\n`);
  t.equal((await asAdmin('/containerLogs/default/liar/main')).text, 'yyyyyyyyyy\n');
});

t.test('a log without end and without lines takes no memory', { skip }, async (t) => {
  const pod = await runPod('flood', ['sleep', '1000']);
  writeFileSync(logOf(pod), Buffer.alloc(32 * 1024 * 1024, 'x'));
  const before = process.memoryUsage().rss;
  t.match(await asAdmin('/containerLogs/default/flood/main?tailLines=1'), { text: '' });
  t.match(await asAdmin('/containerLogs/default/flood/main'), { text: '' });
  t.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024);
});
