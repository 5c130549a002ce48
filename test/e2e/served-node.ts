/** A coordinator, a runtime and the kubelet's API between them, for one test file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { request } from 'node:https';
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
import { FakeCriu } from './fake-criu.ts';
import { noVolumes, PodTable } from './kubelet-parts.ts';
import { PrivateRuntime } from './private-runtime.ts';

const addresses = await findAddresses().catch(() => []);
if (process.getuid?.() !== 0 || addresses.length === 0) {
  t.pass('skipped', { skip: 'needs root, and an address besides the loopback' });
  process.exit(0);
}

const log = openLog('test');
log.level = 'silent';
export const shared = await SharedCoordinator.start(['--kubelet-certificates', 'any']);
t.teardown(() => shared[Symbol.asyncDispose]());
export const { process: coordinator, skip } = shared;
process.env['KEELSON_CRIU'] = new FakeCriu(t.testdir({})).path;
const runtimeProcess = await PrivateRuntime.start();
t.teardown(() => runtimeProcess[Symbol.asyncDispose]());
export const { folder } = runtimeProcess;
export const cri = new CriClient(runtimeProcess.socket);
t.teardown(() => cri[Symbol.dispose]());
const runtime = openRuntime(runtimeProcess.socket);
t.teardown(() => runtime[Symbol.dispose]());
const { url: server, authority, certificate, key } = coordinator;
export const client = new HttpClient({ server, authority, certificate, key }, 'kubelet');
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
export const pods = new PodTable();
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
  const containers = [...pods.containers.values()];
  await Promise.all(containers.map(async (id) => await runtime.stopContainer(id, 0)));
  const ids = [...pods.sandboxes.values()];
  await Promise.all(ids.map(async (id) => await runtime.stopPod(id)));
  await Promise.all(ids.map(async (id) => await runtime.removePod(id)));
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

export const account = { namespace: 'default', name: 'default' };

/** A pod that runs on this node: in the API, in the table and in the runtime. */
export async function runPod(name: string, command: readonly string[]): Promise<Stored<Pod>> {
  await succeeds(() => client.get(resources.serviceAccounts, account));
  const made = await client.create(resources.pods, {
    metadata: { name, namespace: 'default' },
    spec: { nodeName: 'host01', containers: [{ name: 'main', image: 'busybox' }] },
  });
  const { uid } = made.metadata;
  const config = {
    metadata: { name, uid, namespace: 'default', attempt: 0 },
    log_directory: `${logs}/default_${name}_${uid}`,
    linux: { security_context: { namespace_options: { network: 'NODE', pid: 'CONTAINER' } } },
  };
  mkdirSync(`${config.log_directory}/main`, { recursive: true });
  const sandbox = await cri.pod(config);
  const id = await cri.run(
    { id: sandbox, config },
    {
      metadata: { name: 'main' },
      image: { image: 'busybox' },
      log_path: 'main/0.log',
      linux: config.linux,
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

export const logOf = ({ metadata }: Stored<Pod>) =>
  `${logs}/default_${metadata.name}_${metadata.uid}/main/0.log`;

interface Asked {
  readonly status: number;
  readonly text: string;
}

export function ask(path: string, options: object = {}): Promise<Asked> {
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

export const asAdmin = (path: string, options: object = {}) =>
  ask(path, { cert: certificate, key, ...options });

export function kubectl(...args: readonly string[]): ChildProcess {
  const all = [`--cache-dir=${coordinator.folder}/cache`, ...args];
  const env = { PATH: process.env['PATH'] ?? '', KUBECONFIG: coordinator.kubeconfig };
  return spawn(shared.kubectls.at(-1) ?? '', all, { env, stdio: ['pipe', 'pipe', 'pipe'] });
}
