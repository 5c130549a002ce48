/** A kubelet's pods while the network and the shims fail, are slow, or do not answer at all. */
import { readdirSync, readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { type Answer, CriClient } from './cri-client.ts';
import { FaultyNetwork } from './faulty-network.ts';
import { PrivateRuntime } from './private-runtime.ts';
import { until } from '../until.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(280_000);
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

const own = { namespace_options: { pid: 'CONTAINER' } };
const onHost = { namespace_options: { pid: 'CONTAINER', network: 'NODE' } };

function podConfig(name: string, security_context: object = own): object {
  const log_directory = `${runtime.folder}/logs/${name}`;
  const metadata = { name, uid: name, namespace: 'ns', attempt: 0 };
  return { metadata, log_directory, linux: { security_context } };
}

async function makePod(name: string, security: object = own): Promise<Pod> {
  const config = podConfig(name, security);
  return { id: await cri.pod(config), config };
}

function sleeper(name = 'c'): object {
  const command = ['sleep', '1000'];
  return { metadata: { name, attempt: 0 }, image: { image: 'busybox' }, command };
}

async function removePod(id: string): Promise<void> {
  await cri.call('StopPodSandbox', { pod_sandbox_id: id });
  await cri.call('RemovePodSandbox', { pod_sandbox_id: id });
}

async function restart(): Promise<void> {
  await runtime.down('SIGKILL');
  await runtime.up();
  cri[Symbol.dispose]();
  cri = new CriClient(runtime.socket);
}

const listPods = async (): Promise<Answer[]> => (await cri.call('ListPodSandbox')).items;

async function nothingLeft(t: Test): Promise<void> {
  t.same(await listPods(), [], 'no pod');
  t.same(await runtime.leftovers(), [], 'no file, mount, cgroup');
  t.same(network.leases(), [], 'no address');
}

t.test('a network that fails leaves no pod, and its name is free', async (t) => {
  network.make('ADD', 'fails');
  await t.rejects(makePod('add'), { message: /network "faulty": network is down/ });
  await nothingLeft(t);
  network.heal();
  await removePod((await makePod('add')).id);
  await nothingLeft(t);
});

t.test('a pod that is stopped and not removed hinders no statistics', async (t) => {
  const [stopped, other] = [await makePod('stopped'), await makePod('other')];
  await cri.call('StopPodSandbox', { pod_sandbox_id: stopped.id });
  const { stats } = await cri.call('ListPodSandboxStats');
  const ids = stats.map((item: Answer) => item.attributes.id);
  t.same(ids.toSorted(), [stopped.id, other.id].toSorted());
  t.same(
    (await cri.call('PodSandboxStats', { pod_sandbox_id: stopped.id })).stats.linux.network,
    null,
  );
  const { pod_metrics } = await cri.call('ListPodSandboxMetrics');
  t.same(
    pod_metrics.map((item: Answer) => item.pod_sandbox_id),
    [other.id],
  );
  for (const { id } of [stopped, other]) await removePod(id);
  await nothingLeft(t);
});

for (const restarts of [false, true]) {
  const after = restarts ? ', also after a restart' : '';
  t.test(`a pod that cannot be undone is seen, and goes when it can${after}`, async (t) => {
    network.make('ADD', 'fails');
    network.make('DEL', 'fails');
    await t.rejects(makePod('both'), { message: /network is down/ });
    if (restarts) await restart();
    const [pod, ...more] = await listPods();
    t.match(pod, { metadata: { name: 'both' }, state: 'SANDBOX_NOTREADY' });
    t.same(more, []);
    await t.rejects(removePod(pod?.id), { message: /network is down/ });
    network.heal();
    await removePod(pod?.id);
    await nothingLeft(t);
    await removePod((await makePod('both')).id);
    await nothingLeft(t);
  });

  t.test(
    `a network that cannot be taken down keeps the pod, not its programs${after}`,
    async (t) => {
      const pod = await makePod('del');
      const id = await cri.run(pod, sleeper());
      network.make('DEL', 'fails');
      for (let round = 0; round < 3; round += 1) {
        const order = { pod_sandbox_id: pod.id };
        await t.rejects(cri.call('StopPodSandbox', order), { message: /network is down/ });
        if (restarts && round === 1) await restart();
      }
      t.match(await cri.statusOf(id), { state: 'CONTAINER_EXITED', exit_code: 137 });
      t.match(await listPods(), [{ id: pod.id, state: 'SANDBOX_NOTREADY' }]);
      t.same(network.leases(), [pod.id]);
      network.heal();
      await removePod(pod.id);
      await nothingLeft(t);
    },
  );
}

t.test('a network that never answers: who gives up may try again by the same name', async (t) => {
  network.make('ADD', 'hangs');
  const request = { config: podConfig('hang') };
  await t.rejects(cri.within(5000, 'RunPodSandbox', request), { code: 4 });
  const isUndone = async () => network.leases().length + (await listPods()).length === 0;
  t.ok(await until(isUndone), 'it is undone without waiting for the plugin');
  t.match(network.calls().slice(-2).join(), /^ADD (\w+),DEL \1$/);
  network.heal();
  await removePod((await makePod('hang')).id);
  await nothingLeft(t);
});

t.test('a network that is slow holds up its own pod alone', async (t) => {
  network.make('ADD', 'is slow');
  let slowIsThere = false;
  const slow = makePod('slow').finally(() => (slowIsThere = true));
  t.ok(await until(() => network.leases().length === 1), 'it is under way');
  const quick = await makePod('quick', onHost);
  const id = await cri.run(quick, sleeper());
  t.equal(await cri.output(id, 'echo', 'here'), 'here\n');
  t.notOk(slowIsThere, 'another pod was made and used meanwhile');
  await t.rejects(makePod('slow'), { code: 6 }, 'one under way has its name');
  network.heal();
  await removePod((await slow).id);
  await removePod(quick.id);
  await nothingLeft(t);
});

const isSpawner = (pid: string): boolean =>
  readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('keelson-spawner');

/** The runtime's helper, which starts the shims. */
function spawnerOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return Number(children.find(isSpawner));
}

t.test('when the helper that starts shims is killed, pods are made all the same', async (t) => {
  await removePod((await makePod('before', onHost)).id);
  process.kill(spawnerOf(runtime.pid), 'SIGKILL');
  const made = async (): Promise<boolean> => {
    try {
      await removePod((await makePod('after', onHost)).id);
      return true;
    } catch {
      return false;
    }
  };
  t.ok(await until(made));
  await nothingLeft(t);
});

const rssKib = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

interface Running {
  readonly pod: Pod;
  readonly id: string;
  readonly shim: number;
}

async function running(name: string): Promise<Running> {
  const pod = await makePod(name, onHost);
  const id = await cri.run(pod, sleeper());
  const status = { pod_sandbox_id: pod.id, verbose: true };
  const { info } = await cri.call('PodSandboxStatus', status);
  return { pod, id, shim: Number(JSON.parse(info.info).pid) };
}

t.test('ten shims that are stopped: the others are quick, memory is bounded', async (t) => {
  const all = await Promise.all(Array.from({ length: 12 }, (_, index) => running(`s${index}`)));
  const [stopped, others] = [all.slice(0, 10), all.slice(10)];
  t.teardown(() => stopped.forEach(({ shim }) => resume(shim)));
  for (const { shim } of stopped) process.kill(shim, 'SIGSTOP');
  const before = rssKib(runtime.pid);
  let unanswered = 0;
  const ask = (method: string, request: object): Promise<unknown> => {
    unanswered += 1;
    return cri.within(60_000, method, request).finally(() => (unanswered -= 1));
  };
  // As kubelets do: probes, and a stop that is tried again.
  const probes = stopped.flatMap(({ id }) =>
    Array.from({ length: 20 }, () =>
      ask('ExecSync', { container_id: id, cmd: ['true'], timeout: 12 }),
    ),
  );
  const stops = stopped.map(({ id }) => ask('StopContainer', { container_id: id, timeout: 1 }));
  const outcomes = Promise.allSettled([...probes, ...stops]);
  const slowest = await slowestOf(others);
  t.equal(unanswered, 210, `all of it while none of the stopped has answered: ${slowest} ms`);
  t.equal((await cri.call('ListContainers')).containers.length, 12);
  t.ok(
    (await outcomes).every(({ status }) => status === 'rejected'),
    'each is refused in time',
  );
  const grown = rssKib(runtime.pid) - before;
  t.ok(grown < 100 * 1024, `${grown} KiB more`);

  await t.test('a runtime starts beside them, and finds them when they go on', async (t) => {
    const begun = Date.now();
    await restart();
    t.comment(`started in ${Date.now() - begun} ms`);
    t.equal(await cri.output(others[0]?.id ?? '', 'echo', 'here'), 'here\n');
    const [first, second, ...rest] = stopped;
    if (first === undefined || second === undefined) throw new Error('none');
    for (const { shim } of rest) resume(shim);
    for (const { id } of rest) {
      // Their programs were killed by the stop; that is told when the shims go on.
      const isOver = async () => (await cri.statusOf(id)).state === 'CONTAINER_EXITED';
      t.ok(await until(isOver));
    }
    for (const { pod } of [first, second]) await removePod(pod.id);
    t.notOk(isAlive(first.shim), 'a shim that never answers goes with its pod');
    for (const { pod } of [...rest, ...others]) await removePod(pod.id);
    await nothingLeft(t);
    const files = openFiles(runtime.pid);
    t.ok(files < 100, `${files} descriptors`);
  });
});

async function slowestOf(others: readonly Running[]): Promise<number> {
  let slowest = 0;
  for (const { pod, id } of others) {
    for (let round = 0; round < 2; round += 1) {
      const begun = Date.now();
      await cri.output(id, 'true');
      const more = await cri.run(pod, sleeper(`more${round}`));
      await cri.call('StopContainer', { container_id: more, timeout: 0 });
      await cri.remove(more);
      slowest = Math.max(slowest, Date.now() - begun);
    }
  }
  return slowest;
}

function resume(pid: number): void {
  if (isAlive(pid)) process.kill(pid, 'SIGCONT');
}

function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('keelson');
  } catch {
    return false;
  }
}
