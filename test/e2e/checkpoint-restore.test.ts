/** Checkpoints by criu itself, which KEELSON_CRIU names, where it works. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { until } from '../until.ts';
import { type Answer, CriClient } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';
import { criuRefusal } from './probe-criu.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}
const refusal = criuRefusal();
if (refusal !== undefined) {
  t.pass('skipped', { skip: refusal });
  process.exit(0);
}

t.setTimeout(280_000);
const files = t.testdir({ bin: {}, 'net.d': {} });
const plugin = `#!/bin/sh
cat > /dev/null
case $CNI_COMMAND in
VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["1.0.0"]}' ;;
ADD) echo '{"cniVersion":"1.0.0","interfaces":[],"ips":[]}' ;;
esac
`;
writeFileSync(`${files}/bin/nothing`, plugin, { mode: 0o755 });
const network = { cniVersion: '1.0.0', name: 'none', plugins: [{ type: 'nothing' }] };
writeFileSync(`${files}/net.d/none.conflist`, JSON.stringify(network));
process.env['KEELSON_CNI_CONFIG'] = `${files}/net.d`;
process.env['KEELSON_CNI_PLUGINS'] = `${files}/bin`;
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

const log_directory = `${runtime.folder}/logs`;
mkdirSync(log_directory);
mkdirSync(`${runtime.folder}/volume`);

interface Pod {
  readonly id: string;
  readonly config: object;
}

function podConfig(name: string): object {
  const namespace_options = { network: 'POD', pid: 'CONTAINER' };
  const metadata = { name, uid: name, namespace: 'ns', attempt: 0 };
  return { metadata, log_directory, linux: { security_context: { namespace_options } } };
}

async function makePod(name: string): Promise<Pod> {
  const config = podConfig(name);
  return { id: await cri.pod(config), config };
}

/** In a variable, a file of the root, a file in memory, and on a pipe between two processes. */
const counting =
  'i=0; echo kept > /dev/shm-file; exec 9>/held; (while :; do echo tick; sleep 0.05; done) | ' +
  'while read word; do i=$((i+1)); echo $i > /tmp/count; echo $i; done';

function counter(name: string, log: string): object {
  return {
    metadata: { name, attempt: 0 },
    image: { image: 'busybox' },
    command: ['sh', '-c', counting],
    log_path: log,
    mounts: [{ host_path: `${runtime.folder}/volume`, container_path: '/volume' }],
  };
}

function numbersOf(log: string): number[] {
  const path = `${log_directory}/${log}`;
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => Number(/ stdout F (\d+)$/.exec(line)?.[1]));
}

async function grows(log: string): Promise<number[]> {
  const before = numbersOf(log).length;
  return await until(
    () => numbersOf(log),
    (now) => now.length > before + 3,
  );
}

t.test("a pod's processes come back with what they knew, and their old ones go on", async (t) => {
  const pod = await makePod('one');
  const ids = [
    await cri.run(pod, counter('a', 'a.log')),
    await cri.run(pod, counter('b', 'b.log')),
  ];
  await grows('a.log');
  const [id = ''] = ids;
  await cri.call('ExecSync', { container_id: id, cmd: ['rm', '/etc/group'], timeout: 10 });
  const output_path = `${runtime.folder}/checkpoint`;
  mkdirSync(output_path, { mode: 0o700 });
  const before = numbersOf('a.log').at(-1) ?? 0;
  await cri.call('CheckpointPod', { pod_sandbox_id: pod.id, container_ids: ids, output_path });
  const after = (await grows('a.log')).at(-1) ?? 0;
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });

  const container_configs = [counter('b', 'b2.log'), counter('a', 'a2.log')];
  const request = { checkpoint_path: output_path, config: podConfig('two'), container_configs };
  const answer = await cri.call('RestorePod', request);
  const restored = answer.restored_containers as Answer[];
  t.strictSame(
    restored.map(({ name }) => name),
    ['b', 'a'],
  );
  execFileSync('rm', ['-r', output_path]);
  const [, { container_id } = { container_id: '' }] = restored;
  t.equal((await cri.statusOf(container_id)).state, 'CONTAINER_CREATED');
  t.strictSame(numbersOf('a2.log'), []);
  for (const each of restored)
    await cri.call('StartContainer', { container_id: each.container_id });
  t.equal((await cri.statusOf(container_id)).state, 'CONTAINER_RUNNING');
  const numbers = await grows('a2.log');
  const [first = 0] = numbers;
  t.ok(before < first && first <= after, `goes on at ${first}, between ${before} and ${after}`);
  t.strictSame(
    numbers,
    numbers.map((_, i) => first + i),
  );
  await grows('b2.log');

  t.equal(await cri.output(container_id, 'cat', '/dev/shm-file'), 'kept\n');
  t.match(await cri.output(container_id, 'cat', '/etc/group'), /No such file/);
  await cri.output(container_id, 'sh', '-c', 'echo new > /volume/file');
  t.equal(readFileSync(`${runtime.folder}/volume/file`, 'utf8'), 'new\n');
  t.notMatch(await cri.output(container_id, 'ps'), /criu|keelson/);
  t.match(await cri.output(container_id, 'hostname'), /^[0-9a-z]+\n$/);

  await runtime.down('SIGKILL');
  await runtime.up();
  const again = new CriClient(runtime.socket);
  t.teardown(() => again[Symbol.dispose]());
  await grows('a2.log');
  t.equal((await again.statusOf(container_id)).state, 'CONTAINER_RUNNING');
  await again.call('StopContainer', { container_id, timeout: 0 });
  const ended = await again.statusOf(container_id);
  t.match(ended, { state: 'CONTAINER_EXITED', exit_code: 137 });
  await again.call('RemovePodSandbox', { pod_sandbox_id: answer.pod_sandbox_id });
  t.strictSame(await runtime.leftovers(), []);
});

t.test('a container survives being checkpointed again and again', async (t) => {
  const pod = await makePod('three');
  const id = await cri.run(pod, counter('a', 'c.log'));
  await grows('c.log');
  for (let i = 0; i < 3; i += 1) {
    const location = `${runtime.folder}/c${i}.tar`;
    await cri.call('CheckpointContainer', { container_id: id, location });
    const list = execFileSync('tar', ['-tf', location], { encoding: 'utf8' });
    t.match(list, /^checkpoint\/inventory\.img$/m);
    t.match(list, /^dump\.log$/m);
  }
  const numbers = await grows('c.log');
  t.strictSame(
    numbers,
    numbers.map((_, i) => i + 1),
  );
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
  t.strictSame(readdirSync(`${runtime.folder}/root/tmp`), []);
});

t.test('a dump that is given up at whatever moment leaves its processes unharmed', async (t) => {
  const pod = await makePod('four');
  const client = new CriClient(runtime.socket);
  t.teardown(() => client[Symbol.dispose]());
  const id = await client.run(pod, counter('a', 'd.log'));
  await grows('d.log');
  const request = { container_id: id, location: `${runtime.folder}/d.tar` };
  for (let limitMs = 60; limitMs < 480; limitMs += 60) {
    const given = await client.within(limitMs, 'CheckpointContainer', request).catch(codeOf);
    t.ok(given === 4 || typeof given === 'object', `${limitMs} ms`);
    await grows('d.log');
    t.equal((await client.statusOf(id)).state, 'CONTAINER_RUNNING');
  }
  const numbers = numbersOf('d.log');
  t.strictSame(
    numbers,
    numbers.map((_, i) => i + 1),
  );
  await client.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
});

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}
