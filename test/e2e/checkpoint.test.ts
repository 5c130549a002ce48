/**
 * Checkpoints over a program in criu's place: what is refused, what is written, and that containers
 * go on whatever happens. checkpoint-restore.test.ts has criu itself.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { until } from '../until.ts';
import { CriClient } from './cri-client.ts';
import { FakeCriu } from './fake-criu.ts';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(280_000);
const files = t.testdir({});
const criu = new FakeCriu(files);
process.env['KEELSON_CRIU'] = criu.path;
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
let cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

const log_directory = `${runtime.folder}/logs`;
mkdirSync(log_directory);
const namespace_options = { network: 'NODE', pid: 'CONTAINER' };
const metadata = { name: 'pod', uid: 'uid', namespace: 'ns', attempt: 0 };
const config = { metadata, log_directory, linux: { security_context: { namespace_options } } };
const pod = { id: await cri.pod(config), config };
t.teardown(() => cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id }));

interface Refusal {
  readonly code: number;
  readonly details?: RegExp;
}

const counting = 'i=0; while :; do i=$((i+1)); echo $i; echo $i > /tmp/i; sleep 0.05; done';

/** Runs while the work lasts. */
async function withContainers(
  names: readonly string[],
  work: (ids: readonly string[]) => Promise<void>,
  change: object = {},
): Promise<void> {
  const ids: string[] = [];
  try {
    for (const name of names) {
      const command = ['sh', '-c', counting];
      const base = { metadata: { name, attempt: 0 }, image: { image: 'busybox' } };
      ids.push(await cri.run(pod, { ...base, command, log_path: `${name}.log`, ...change }));
    }
    await work(ids);
  } finally {
    for (const id of ids) await cri.remove(id);
  }
}

function linesOf(name: string): number {
  return readFileSync(`${log_directory}/${name}.log`, 'utf8').split('\n').length;
}

/** It prints more than it has. */
async function goesOn(name: string): Promise<void> {
  const lines = linesOf(name);
  await until(
    () => linesOf(name),
    (now) => now > lines + 2,
  );
}

const location = `${runtime.folder}/checkpoint.tar`;
const checkpoint = (container_id: string, timeout = 0) =>
  cri.call('CheckpointContainer', { container_id, location, timeout });

t.test('an archive has the files that readers of checkpoints look for', async (t) => {
  await withContainers(['one'], async ([id = '']) => {
    await goesOn('one');
    await checkpoint(id);
    t.equal(statSync(location).mode & 0o777, 0o600);
    const list = execFileSync('tar', ['-tf', location], { encoding: 'utf8' }).trim().split('\n');
    t.strictSame(list, [
      'checkpoint/',
      'checkpoint/descriptors.json',
      'checkpoint/pages-1.img',
      'config.dump',
      'keelson.dump',
      'rootfs-diff.tar',
      'spec.dump',
      'status.dump',
    ]);
    const read = (name: string) =>
      JSON.parse(execFileSync('tar', ['-xOf', location, name], { encoding: 'utf8' }));
    t.match(read('config.dump'), { id, name: 'one', rootfsImageName: 'busybox', restored: false });
    t.match(read('spec.dump'), {
      annotations: {
        'io.kubernetes.cri.container-name': 'one',
        'io.kubernetes.cri.sandbox-name': 'pod',
        'io.kubernetes.cri.sandbox-namespace': 'ns',
      },
      process: { args: ['sh', '-c', counting] },
    });
    const streams = [/^file\[/, /^pipe:\[/, /^pipe:\[/];
    t.match(read('keelson.dump'), { version: 1, network: false, streams });
    const changes = execFileSync('sh', ['-c', `tar -xOf ${location} rootfs-diff.tar | tar -t`]);
    t.match(String(changes), /^tmp\/i$/m);
    const words = criu.runs.at(-1) ?? '';
    t.match(words, / dump --tree=\d+ .*--leave-running .*--manage-cgroups=ignore/);
    t.match(words, /--external=mnt\[\/etc\/hosts\]:\/etc\/hosts/);
    await goesOn('one');
    t.strictSame(readdirSync(`${runtime.folder}/root/tmp`), []);
  });
});

t.test('a request that is wrong is refused before anything stops', async (t) => {
  await withContainers(['one'], async ([id = '']) => {
    const runs = criu.runs.length;
    const refused = (request: object, why: Refusal) =>
      t.rejects(cri.call('CheckpointContainer', { container_id: id, location, ...request }), why);
    await refused({ container_id: 'none' }, { code: 5 });
    await refused({ location: 'a' }, { code: 3, details: /not an absolute path/ });
    await refused({ location: '/no/such/folder/a' }, { code: 3, details: /in no folder/ });
    await refused({ location: runtime.folder }, { code: 3, details: /is no file/ });
    const request = { pod_sandbox_id: pod.id, container_ids: [id], output_path: files };
    const pods = (change: object, why: Refusal) =>
      t.rejects(cri.call('CheckpointPod', { ...request, ...change }), why);
    await pods({ pod_sandbox_id: 'none' }, { code: 5 });
    await pods({ container_ids: [] }, { code: 3, details: /empty/ });
    await pods({ container_ids: [id, id.slice(0, 20)] }, { code: 3, details: /twice/ });
    await pods({ output_path: 'a' }, { code: 3, details: /absolute/ });
    await pods({ output_path: `${files}/none` }, { code: 3, details: /no folder/ });
    await pods({}, { code: 3, details: /not empty/ });
    await pods({ options: { fast: 'yes' } }, { code: 3, details: /"fast"/ });
    t.equal(criu.runs.length, runs);
    await cri.call('StopContainer', { container_id: id, timeout: 0 });
    await refused({}, { code: 9, details: /not running/ });
    await pods({ output_path: `${runtime.folder}/logs` }, { code: 9, details: /not running/ });
  });
});

t.test('what criu cannot do is told, and the container goes on', async (t) => {
  writeFileSync(location, 'of before');
  t.teardown(() => criu.will('work'));
  await withContainers(['one'], async ([id = '']) => {
    criu.will('fail');
    const details = /inet: Connected TCP socket; Error .*Dumping FAILED/;
    await t.rejects(checkpoint(id), { code: 9, details });
    await goesOn('one');
    t.equal(readFileSync(location, 'utf8'), 'of before');
    t.strictSame(
      readdirSync(runtime.folder).filter((name) => name.includes('partial')),
      [],
    );
  });
  const other = { linux: { security_context: { namespace_options: { pid: 'NODE' } } } };
  await withContainers(
    ['two'],
    async ([id = '']) => {
      await t.rejects(checkpoint(id), { code: 12, details: /shares its PID namespace/ });
    },
    other,
  );
  await withContainers(
    ['three'],
    async ([id = '']) => {
      await t.rejects(checkpoint(id), { code: 12, details: /has a terminal/ });
    },
    { tty: true },
  );
});

t.test('a time that is over ends the attempt, and the container goes on', async (t) => {
  t.teardown(() => criu.will('work'));
  await withContainers(['one'], async ([id = '']) => {
    criu.will('hang');
    await t.rejects(checkpoint(id, 1), { code: 4, details: /within 1 s/ });
    await goesOn('one');
    const [process = ''] = criu.runs.at(-1)?.split(' ') ?? [];
    t.notOk(existsSync(`/proc/${process}`), 'criu is gone');
    const given = { container_id: id, location };
    await t.rejects(cri.within(1000, 'CheckpointContainer', given), { code: 4 });
    await goesOn('one');
  });
});

t.test('all containers of a pod stand still until the last is written', async (t) => {
  const output_path = `${runtime.folder}/pod`;
  mkdirSync(output_path);
  t.teardown(() => criu.will('work'));
  await withContainers(['one', 'two'], async (container_ids) => {
    const request = { pod_sandbox_id: pod.id, container_ids, output_path };
    criu.will('hang');
    const runs = criu.runs.length;
    const answer = cri.call('CheckpointPod', request);
    await until(() => criu.runs.length > runs);
    const lines = [linesOf('one'), linesOf('two')];
    t.equal((await cri.statusOf(container_ids[1] ?? '')).state, 'CONTAINER_RUNNING');
    t.strictSame([linesOf('one'), linesOf('two')], lines);
    criu.finish();
    await answer;
    const [one = '', two = ''] = container_ids;
    t.strictSame(readdirSync(output_path), [one, two, 'pod.dump', 'pod.options'].toSorted());
    const options = JSON.parse(readFileSync(`${output_path}/pod.options`, 'utf8'));
    t.strictSame(options, { version: 1, containers: { one, two } });
    t.ok(existsSync(`${output_path}/${two}/checkpoint/pages-1.img`));
    await goesOn('one');
    await goesOn('two');

    mkdirSync(`${output_path}2`);
    criu.will('fail');
    await t.rejects(cri.call('CheckpointPod', { ...request, output_path: `${output_path}2` }), {
      code: 9,
    });
    t.strictSame(readdirSync(`${output_path}2`), []);
    await goesOn('one');
    await goesOn('two');
  });
});

t.test('a runtime that is killed amid a checkpoint leaves a container that goes on', async (t) => {
  const output_path = `${runtime.folder}/killed`;
  mkdirSync(output_path);
  t.teardown(() => criu.will('work'));
  await withContainers(['one', 'two'], async (container_ids) => {
    criu.will('hang');
    const runs = criu.runs.length;
    const request = { pod_sandbox_id: pod.id, container_ids, output_path };
    const lost = t.rejects(cri.call('CheckpointPod', request), { code: 14 });
    await until(() => criu.runs.length > runs);
    await runtime.down('SIGKILL');
    await lost;
    cri[Symbol.dispose]();
    await runtime.up();
    cri = new CriClient(runtime.socket);
    t.strictSame(readdirSync(output_path), []);
    // The other one was frozen, and nobody is at it.
    await goesOn('two');
    criu.finish();
    await goesOn('one');
    t.strictSame(readdirSync(`${runtime.folder}/root/tmp`), []);
    await checkpoint(container_ids[0] ?? '');
  });
});

t.test('a machine without criu, or with one that refuses its kernel, says so', async (t) => {
  t.teardown(() => criu.will('work'));
  await withContainers(['one'], async ([id = '']) => {
    criu.will('refuse');
    // Known by its time as one that works.
    const touched = new Date(Date.now() + 60_000);
    execFileSync('touch', ['-d', touched.toISOString(), criu.path]);
    await t.rejects(checkpoint(id), { code: 12, details: /criu 4\.1\.1 does not work on this/ });
    execFileSync('mv', [criu.path, `${criu.path}-away`]);
    await t.rejects(checkpoint(id), { code: 12, details: /criu is not installed/ });
    await goesOn('one');
  });
});
