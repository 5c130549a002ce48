/** The runtime is killed while containers print, execs stream and an image is pulled. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { clients, type CommandClient } from '../command-client.ts';
import { makeLayer } from '../kernel/image/image-store.ts';
import { FakeRegistry } from '../unit/image/registry/fake-registry.ts';
import { CriClient } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';
import { processesWith } from './processes.ts';
import { until } from '../until.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(280_000);
const registry = await FakeRegistry.start();
t.teardown(() => registry[Symbol.asyncDispose]());
const config = `${t.testdir({})}/config.yaml`;
const registries = { [registry.host]: { plainHttp: true } };
writeFileSync(config, JSON.stringify({ image: { registries } }));
const runtime = await PrivateRuntime.start({ flags: ['--config', config] });
t.teardown(() => runtime[Symbol.asyncDispose]());
let cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

interface Pod {
  readonly id: string;
  readonly config: { readonly log_directory: string };
}

interface Made {
  readonly id: string;
  readonly log: string;
  /** Ends by itself, while no runtime runs; the others when they are told to. */
  readonly code: number | undefined;
}

async function makePod(name: string): Promise<Pod> {
  const log_directory = `${runtime.folder}/logs/${name}`;
  mkdirSync(log_directory, { recursive: true });
  const namespace_options = { network: 'NODE', pid: 'CONTAINER' };
  const metadata = { name, uid: name, namespace: 'ns', attempt: 0 };
  const config = { metadata, log_directory, linux: { security_context: { namespace_options } } };
  return { id: await cri.pod(config), config };
}

const counting = 'trap "exit 7" TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done';
/** Until the file is there, which the test makes when the runtime is gone. */
const ending = (code: number): string =>
  `i=0; while [ ! -e /go/go ]; do i=$((i+1)); echo $i; sleep 0.05; done; exit ${code}`;

async function makeContainer(pod: Pod, index: number): Promise<Made> {
  const code = index % 3 === 0 ? 40 + index : undefined;
  const name = `c${index}`;
  const id = await cri.run(pod, {
    metadata: { name, attempt: 0 },
    image: { image: 'busybox' },
    command: ['sh', '-c', code === undefined ? counting : ending(code)],
    mounts: [{ host_path: `${runtime.folder}/go`, container_path: '/go' }],
    log_path: `${name}.log`,
  });
  return { id, log: `${pod.config.log_directory}/${name}.log`, code };
}

/** The numbers that a log has, each line whole. */
function numbersIn(path: string): number[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => Number(/^\S+ stdout F (\d+)$/.exec(line)?.[1] ?? Number.NaN));
}

/** An image whose last layer the registry keeps to itself until `release`. */
function slowImage() {
  const layers = ['one', 'two', 'three'].map((name) => makeLayer({ [name]: randomBytes(400_000) }));
  const { layers: blobs } = registry.addImage('1', layers);
  const held = blobs.at(-1)?.digest ?? '';
  const waiting: ServerResponse[] = [];
  let holds = true;
  registry.intercept = ({ url = '' }, response) => {
    if (!holds || !url.endsWith(held)) return false;
    const bytes = registry.blobs.get(held) ?? Buffer.alloc(0);
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 100_000));
    waiting.push(response);
    return true;
  };
  return { blobs, held, asked: () => waiting.length, release: () => void (holds = false) };
}

async function streamOf(id: string, script: string): Promise<CommandClient> {
  const request = { container_id: id, cmd: ['sh', '-c', script], stdout: true, stderr: true };
  const { url } = await cri.call('Exec', request);
  return clients.spdy(url, { protocols: ['v4.channel.k8s.io'], stdout: true, stderr: true });
}

t.test('nothing is lost but what hangs on the runtime itself', async (t) => {
  mkdirSync(`${runtime.folder}/go`);
  const pods = await Promise.all(Array.from({ length: 5 }, (_, index) => makePod(`p${index}`)));
  const made: Made[] = [];
  for (let index = 0; index < 30; index += 1) {
    const pod = pods[index % pods.length];
    if (pod !== undefined) made.push(await makeContainer(pod, index));
  }
  const [, first, second] = made;
  if (first === undefined || second === undefined) throw new Error('none');
  const word = `${process.pid}77`;
  const streams = [
    await streamOf(first.id, `i=0; while :; do i=$((i+1)); echo ${word} $i; sleep 0.05; done`),
    await streamOf(second.id, `sleep ${word}`),
  ];
  const heard: string[] = [];
  streams[0]?.stdout.on('data', (bytes: Buffer) => void heard.push(bytes.toString()));
  const image = slowImage();
  const name = `${registry.host}/app:1`;
  const pull = cri.call('PullImage', { image: { image: name } });
  pull.catch(() => undefined);
  const isUnderWay = (): boolean => image.asked() > 0 && heard.join('').split('\n').length > 5;
  t.ok(await until(isUnderWay), 'exec and pull are under way');
  const [before] = image.blobs;
  t.ok(await until(() => registry.requestsFor(before?.digest ?? '') > 0));

  await runtime.down('SIGKILL');
  const killedAt = Date.now();
  await t.rejects(pull, 'who pulls is told');
  for (const stream of streams) await stream.closed;
  t.ok(await until(() => processesWith(word).length === 0), 'an exec ends with its streams');
  const lines = heard.join('').split('\n').slice(0, -1);
  t.ok(
    lines.every((line, index) => line === `${word} ${index + 1}`),
    `${lines.length} lines came whole and in order`,
  );
  writeFileSync(`${runtime.folder}/go/go`, '');
  const ofEnding = made.filter(({ code }) => code !== undefined);
  const lengths = (): number => ofEnding.reduce((sum, { log }) => sum + numbersIn(log).length, 0);
  let last = -1;
  const isQuiet = async (): Promise<boolean> => {
    if (lengths() === last) return true;
    last = lengths();
    await sleep(500);
    return false;
  };
  t.ok(await until(isQuiet), 'what ends, ends without the runtime');
  const endedBefore = Date.now();
  await sleep(500);
  await runtime.up();
  cri[Symbol.dispose]();
  cri = new CriClient(runtime.socket);

  for (const { id, code } of ofEnding) {
    const { state, exit_code, finished_at } = await cri.statusOf(id);
    t.match({ state, exit_code }, { state: 'CONTAINER_EXITED', exit_code: code });
    const atMs = finished_at / 1e6;
    t.ok(atMs >= killedAt - 1 && atMs <= endedBefore + 1, 'when it ended, not when it was noticed');
  }
  image.release();
  await cri.call('PullImage', { image: { image: name } });
  t.ok((await cri.call('ImageStatus', { image: { image: name } })).image, 'the next pull is whole');
  await cri.call('RemoveImage', { image: { image: name } });
  const again = await cri.call('ExecSync', { container_id: first.id, cmd: ['echo', 'again'] });
  t.equal(String(again.stdout), 'again\n');
  const others = made.filter(({ code }) => code === undefined);
  await Promise.all(
    others.map(({ id }) => cri.call('StopContainer', { container_id: id, timeout: 60 })),
  );
  for (const { id } of others) t.match(await cri.statusOf(id), { exit_code: 7 });
  for (const { log } of made) {
    const numbers = numbersIn(log);
    const whole = numbers.length > 5 && numbers.every((number, index) => number === index + 1);
    if (!whole) t.fail(`${log}: ${numbers.join()}`);
  }
  for (const { id } of pods) await cri.call('RemovePodSandbox', { pod_sandbox_id: id });
  t.same(await runtime.leftovers(), []);
});
