/** A kubelet's pods after a restart, with files that are damaged, and after a reboot. */
import { existsSync, mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { type Answer, CriClient } from './cri-client.ts';
import { FaultyNetwork } from './faulty-network.ts';
import { PrivateRuntime } from './private-runtime.ts';
import { until } from '../until.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(240_000);
const network = new FaultyNetwork(t.testdir({}));
Object.assign(process.env, network.environment);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
let cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

interface Pod {
  readonly id: string;
  readonly config: object;
}

async function makePod(name: string, pid = 'POD'): Promise<Pod> {
  const log_directory = `${runtime.folder}/logs/${name}`;
  mkdirSync(log_directory, { recursive: true });
  const metadata = { name, uid: name, namespace: 'ns', attempt: 0 };
  const labels = { app: name };
  const linux = { security_context: { namespace_options: { pid } } };
  const config = { metadata, log_directory, labels, annotations: { 'a/b': 'c' }, linux };
  return { id: await cri.pod(config), config };
}

function program(name: string, script: string): object {
  return {
    metadata: { name, attempt: 0 },
    image: { image: 'busybox' },
    command: ['sh', '-c', script],
    log_path: `${name}.log`,
  };
}

async function restart(during: () => Promise<void> = async () => undefined): Promise<void> {
  await runtime.down('SIGKILL');
  await during();
  await runtime.up();
  cri[Symbol.dispose]();
  cri = new CriClient(runtime.socket);
}

async function removePod(id: string): Promise<void> {
  await cri.call('StopPodSandbox', { pod_sandbox_id: id });
  await cri.call('RemovePodSandbox', { pod_sandbox_id: id });
}

async function nothingLeft(t: Test): Promise<void> {
  t.same((await cri.call('ListPodSandbox')).items, [], 'no pod');
  t.same((await cri.call('ListContainers')).containers, [], 'no container');
  t.same(await runtime.leftovers(), [], 'no file, mount, cgroup');
  t.same(network.leases(), [], 'no address');
}

const byId = (list: Answer[]): Answer[] => list.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** All that a kubelet reads, but for the time at which it was read. */
async function everything(): Promise<object> {
  const { items } = await cri.call('ListPodSandbox');
  const { containers } = await cri.call('ListContainers');
  const pods: Answer[] = [];
  for (const { id } of items) {
    const { status } = await cri.call('PodSandboxStatus', { pod_sandbox_id: id });
    pods.push(status);
  }
  const statuses: Answer[] = [];
  for (const { id } of containers) statuses.push(await cri.statusOf(id));
  const { images } = await cri.call('ListImages');
  return {
    items: byId(items),
    containers: byId(containers),
    pods: byId(pods),
    statuses: byId(statuses),
    images: byId(images),
  };
}

t.test('a restart changes nothing that a kubelet sees', async (t) => {
  const [ready, stopped] = [await makePod('ready'), await makePod('stopped')];
  await cri.run(ready, program('running', 'sleep 1000'));
  await cri.container(ready, program('created', 'sleep 1000'));
  const exited = await cri.run(ready, program('exited', 'exit 3'));
  const killed = await cri.run(ready, program('killed', 'sleep 1000'));
  await cri.call('StopContainer', { container_id: killed, timeout: 0 });
  await cri.run(stopped, program('ended', 'sleep 1000'));
  await cri.call('StopPodSandbox', { pod_sandbox_id: stopped.id });
  await until(async () => (await cri.statusOf(exited)).state === 'CONTAINER_EXITED');
  const before = await everything();
  for (let round = 0; round < 2; round += 1) {
    await restart();
    t.same(await everything(), before);
  }
  await removePod(ready.id);
  await removePod(stopped.id);
  await nothingLeft(t);
});

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`);
}

/** Every record that names the pod or one of its containers. */
function recordsOf(...ids: readonly string[]): string[] {
  const places = ['root/pods', 'root/containers', 'state/pods', 'state/containers'];
  const own = ids.flatMap((id) =>
    places.flatMap((place) => filesBelow(`${runtime.folder}/${place}/${id}`)),
  );
  const shared = filesBelow(`${runtime.folder}/root/images/snapshot-records`);
  const named = shared.filter((path) => ids.some((id) => path.includes(id)));
  return [...own, ...named].filter((path) => path.endsWith('.json'));
}

const damages: Readonly<Record<string, (path: string) => void>> = {
  empty: (path) => truncateSync(path, 0),
  'cut in half': (path) => truncateSync(path, Math.floor(statSync(path).size / 2)),
  'full of zeros': (path) => writeFileSync(path, Buffer.alloc(statSync(path).size)),
};

for (const [words, damage] of Object.entries(damages)) {
  t.test(`all files of a pod are ${words}: it goes, and the others stay`, async (t) => {
    // One of both kinds: where the pod's own end would end all, and where not.
    const pid = words === 'empty' ? 'CONTAINER' : 'POD';
    const [good, bad] = [await makePod('good'), await makePod('bad', pid)];
    const kept = await cri.run(good, program('kept', 'sleep 1000'));
    const ids = [
      await cri.run(bad, program('one', 'sleep 1000')),
      await cri.container(bad, program('two', 'sleep 1000')),
    ];
    const damaged = recordsOf(bad.id, ...ids);
    t.ok(damaged.length > 8, `${damaged.length} files`);
    await restart(async () => damaged.forEach(damage));
    t.match(await cri.statusOf(kept), { state: 'CONTAINER_RUNNING' });
    t.equal(await cri.output(kept, 'echo', 'here'), 'here\n');
    const { items } = await cri.call('ListPodSandbox');
    t.match(
      items.find(({ id }: Answer) => id === bad.id),
      { state: 'SANDBOX_NOTREADY' },
    );
    for (const { id, state } of (await cri.call('ListContainers')).containers) {
      if (id !== kept) t.equal(state, 'CONTAINER_UNKNOWN');
    }
    for (const id of ids) await cri.remove(id);
    await removePod(bad.id);
    const again = await makePod('bad');
    await cri.run(again, program('one', 'sleep 1000'));
    await removePod(again.id);
    await removePod(good.id);
    await nothingLeft(t);
  });
}

t.test('after a reboot all is stopped, and goes; addresses are free again', async (t) => {
  const pod = await makePod('reboot');
  const id = await cri.run(pod, program('c', 'sleep 1000'));
  await restart(() => runtime.forgetState());
  t.match((await cri.call('ListPodSandbox')).items, [{ id: pod.id, state: 'SANDBOX_NOTREADY' }]);
  const status = { state: 'CONTAINER_EXITED', exit_code: 255, reason: 'Unknown' };
  t.match(await cri.statusOf(id), status);
  const second = await cri.pod({
    metadata: { name: 'reboot', uid: 'reboot', namespace: 'ns', attempt: 1 },
  });
  await removePod(pod.id);
  await removePod(second);
  t.same(network.leases(), []);
  // A reboot takes the cgroups, which this one has not.
  const left = await runtime.leftovers();
  t.same(
    left.filter((line) => !line.startsWith('cgroup ')),
    [],
  );
});
