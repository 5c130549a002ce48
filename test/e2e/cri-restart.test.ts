/** A kubelet's pods while the runtime is killed, comes back, and finds its files damaged. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type Answer, CriClient } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(240_000);
const host = `keelson-cri-${process.pid}`;
execFileSync('ip', ['netns', 'add', host]);
t.teardown(() => execFileSync('ip', ['netns', 'delete', host]));
execFileSync('ip', ['-n', host, 'link', 'set', 'lo', 'up']);

const folder = t.testdir({ 'net.d': {}, bin: {} });
const ipam = {
  type: 'host-local',
  dataDir: `${folder}/leases`,
  ranges: [[{ subnet: '10.87.0.0/16' }]],
};
const plugins = [{ type: 'bridge', bridge: 'br0', isGateway: true, ipam }];
const network = { cniVersion: '1.0.0', name: 'restart', plugins };
writeFileSync(`${folder}/net.d/10-restart.conflist`, JSON.stringify(network));
process.env['KEELSON_CNI_CONFIG'] = `${folder}/net.d`;
process.env['KEELSON_CNI_PLUGINS'] = `${folder}/bin`;
const runtime = await PrivateRuntime.start({ within: ['nsenter', `--net=/run/netns/${host}`] });
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

interface Pod {
  readonly id: string;
  readonly config: { readonly log_directory: string };
}

async function makePod(name: string): Promise<Pod> {
  const log_directory = `${runtime.folder}/logs/${name}`;
  mkdirSync(log_directory, { recursive: true });
  const metadata = { name, uid: name, namespace: 'ns', attempt: 0 };
  const security_context = { namespace_options: { pid: 'CONTAINER' } };
  const config = { metadata, log_directory, linux: { security_context } };
  return { id: await cri.pod(config), config };
}

function container(name: string, script: string): object {
  return {
    metadata: { name, attempt: 0 },
    image: { image: 'busybox' },
    command: ['sh', '-c', script],
    log_path: `${name}.log`,
  };
}

async function statusOf(id: string): Promise<Answer> {
  return (await cri.call('ContainerStatus', { container_id: id })).status;
}

async function ended(id: string): Promise<Answer> {
  for (let tries = 0; tries < 400; tries += 1) {
    const status = await statusOf(id);
    if (status.state === 'CONTAINER_EXITED') return status;
    await sleep(50);
  }
  throw new Error(`${id} does not end`);
}

/** The client of before the restart may be told that its connection is gone, once. */
async function restart(during: () => Promise<void> = async () => undefined): Promise<void> {
  await runtime.down('SIGKILL');
  await during();
  await runtime.up();
  await cri.call('Version').catch(() => undefined);
}

function wholeLines(path: string): string[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => /^\S+ std(?:out|err) F (.*)$/.exec(line)?.[1] ?? `damaged: ${line}`);
}

const pods = 20;
const perPod = 5;

t.test('a hundred containers outlive kill -9: nothing is lost', async (t: Test) => {
  const script = 'trap "exit 7" TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.2; done';
  const made: { pod: Pod; id: string; log: string }[] = [];
  const addresses = new Map<string, string>();
  for (let index = 0; index < pods; index += 1) {
    const pod = await makePod(`p${index}`);
    const { status } = await cri.call('PodSandboxStatus', { pod_sandbox_id: pod.id });
    addresses.set(pod.id, status.network.ip);
    for (let number = 0; number < perPod; number += 1) {
      const id = await cri.run(pod, container(`c${number}`, script));
      made.push({ pod, id, log: `${pod.config.log_directory}/c${number}.log` });
    }
  }
  const [first] = made;
  if (first === undefined) throw new Error('no container');
  const running = cri.call('ExecSync', { container_id: first.id, cmd: ['sleep', '60'] });
  running.catch(() => undefined);
  const before = await statusOf(first.id);
  await restart(() => sleep(1000));
  await t.rejects(running, 'an exec ends with its caller, in words');
  t.equal((await cri.call('ListContainers')).containers.length, pods * perPod);
  t.equal((await statusOf(first.id)).started_at, before.started_at);
  for (const [id, address] of addresses) {
    const { status } = await cri.call('PodSandboxStatus', { pod_sandbox_id: id });
    t.match(status, { state: 'SANDBOX_READY', network: { ip: address } });
  }
  const answer = await cri.call('ExecSync', { container_id: made.at(-1)?.id, cmd: ['echo', 'x'] });
  t.equal(String(answer.stdout), 'x\n', 'execs work again');
  await Promise.all(
    made.map(({ id }) => cri.call('StopContainer', { container_id: id, timeout: 30 })),
  );
  for (const { id, log } of made) {
    const { exit_code, finished_at, started_at } = await ended(id);
    if (exit_code !== 7) t.fail(`${id} ended with ${exit_code}`);
    if (finished_at <= started_at) t.fail(`${id} ended before it began`);
    const lines = wholeLines(log);
    if (lines.length < 5 || lines.some((line, index) => line !== String(index + 1))) {
      t.fail(`${log}: ${lines.join()}`);
    }
  }
  for (const id of addresses.keys()) await cri.call('RemovePodSandbox', { pod_sandbox_id: id });
  t.same(await runtime.leftovers(), []);
});

t.test('what ends while no runtime runs has its code and its time', async (t) => {
  const pod = await makePod('away');
  const id = await cri.run(pod, container('brief', 'sleep 0.3; exit 5'));
  await restart(() => sleep(2000));
  const { exit_code, finished_at, started_at, reason } = await ended(id);
  t.equal(exit_code, 5);
  t.equal(reason, 'Error');
  const seconds = (finished_at - started_at) / 1e9;
  t.ok(seconds >= 0.3 && seconds < 1.9, `${seconds} s, not when it was noticed`);
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
});

t.test('logs are rotated under load and over a restart without a gap', async (t) => {
  const pod = await makePod('rotate');
  const script = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo $i; done; exec sleep 1000';
  const id = await cri.run(pod, container('busy', script));
  const log = `${pod.config.log_directory}/busy.log`;
  const parts: string[] = [];
  for (let round = 0; round < 8; round += 1) {
    const rotated = `${log}.${round}`;
    renameSync(log, rotated);
    parts.push(rotated);
    await cri.call('ReopenContainerLog', { container_id: id });
    if (round === 4) await restart();
  }
  const read = (): string[] =>
    [...parts, log].flatMap((path) => (existsSync(path) ? wholeLines(path) : []));
  for (let tries = 0; tries < 300 && read().length < 20_000; tries += 1) await sleep(100);
  const numbers = read();
  await cri.call('StopContainer', { container_id: id });
  t.equal(numbers.length, 20_000);
  t.ok(
    numbers.every((text, index) => text === String(index + 1)),
    'in order, each once',
  );
  await t.rejects(cri.call('ReopenContainerLog', { container_id: id }), 'of one that has ended');
  t.notOk(existsSync(`${log}.new`));
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
});

t.test('damaged records: the runtime starts, the others work, the damaged go', async (t) => {
  const root = `${runtime.folder}/root`;
  const damages: readonly ((path: string) => void)[] = [
    (path) => truncateSync(path, 0),
    (path) => truncateSync(path, 40),
    (path) => writeFileSync(path, Buffer.alloc(200)),
    (path) => writeFileSync(path, '[]'),
  ];
  const good = await makePod('good');
  const kept = await cri.run(good, container('kept', 'sleep 1000'));
  const victims: { pod: Pod; id: string }[] = [];
  for (const index of damages.keys()) {
    const pod = await makePod(`bad${index}`);
    victims.push({ pod, id: await cri.run(pod, container('c', 'sleep 1000')) });
  }
  await restart(async () => {
    for (const [index, damage] of damages.entries()) {
      damage(`${root}/containers/${victims[index]?.id}/record.json`);
    }
  });
  t.match(await statusOf(kept), { state: 'CONTAINER_RUNNING' });
  const { containers } = await cri.call('ListContainers');
  for (const { pod, id } of victims) {
    const found = containers.find((item: Answer) => item.id === id);
    t.match(found, { state: 'CONTAINER_UNKNOWN' }, 'listed as unknown');
    t.match(await statusOf(id), { state: 'CONTAINER_UNKNOWN' });
    await cri.call('StopContainer', { container_id: id });
    await cri.call('RemoveContainer', { container_id: id });
    const again = await cri.run(pod, container('c', 'sleep 1000'));
    t.match(await statusOf(again), { state: 'CONTAINER_RUNNING' }, 'the name is free');
    await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
  }
  await cri.call('RemovePodSandbox', { pod_sandbox_id: good.id });
  t.same(await runtime.leftovers(), []);
});

t.test('a damaged record of a pod: it is not ready, and can be removed', async (t) => {
  const pod = await makePod('damaged');
  await cri.run(pod, container('c', 'sleep 1000'));
  await restart(async () => {
    truncateSync(`${runtime.folder}/root/pods/${pod.id}/record.json`, 10);
  });
  const { items } = await cri.call('ListPodSandbox');
  t.match(items, [{ id: pod.id, state: 'SANDBOX_NOTREADY', metadata: { name: pod.id } }]);
  await cri.call('StopPodSandbox', { pod_sandbox_id: pod.id });
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
  const again = await makePod('damaged');
  await cri.call('RemovePodSandbox', { pod_sandbox_id: again.id });
  t.same(await runtime.leftovers(), []);
});
