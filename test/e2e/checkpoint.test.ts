/**
 * Checkpoints over a program in criu's place: what is refused, what is written, and that containers
 * go on whatever happens. checkpoint-restore.test.ts has criu itself.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { until } from '../until.ts';
import { CheckpointNode, counter, counting } from './checkpoint-node.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(280_000);
const files = t.testdir({});
const node = await CheckpointNode.start(files);
t.teardown(() => node[Symbol.asyncDispose]());
const { criu, runtime, config } = node;
const pod = { id: node.podId };

interface Refusal {
  readonly code: number;
  readonly details?: RegExp;
}

const location = `${runtime.folder}/checkpoint.tar`;
const checkpoint = (container_id: string, timeout = 0) =>
  node.cri.call('CheckpointContainer', { container_id, location, timeout });

t.test('an archive has the files that readers of checkpoints look for', async (t) => {
  await node.withContainers(['one'], async ([id = '']) => {
    await node.goesOn('one');
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
    await node.goesOn('one');
    t.strictSame(readdirSync(`${runtime.folder}/root/tmp`), []);
  });
});

t.test('a request that is wrong is refused before anything stops', async (t) => {
  await node.withContainers(['one'], async ([id = '']) => {
    const runs = criu.runs.length;
    const refused = (request: object, why: Refusal) =>
      t.rejects(
        node.cri.call('CheckpointContainer', { container_id: id, location, ...request }),
        why,
      );
    await refused({ container_id: 'none' }, { code: 5 });
    await refused({ location: 'a' }, { code: 3, details: /not an absolute path/ });
    await refused({ location: '/no/such/folder/a' }, { code: 3, details: /in no folder/ });
    await refused({ location: runtime.folder }, { code: 3, details: /is no file/ });
    const request = { pod_sandbox_id: pod.id, container_ids: [id], output_path: files };
    const pods = (change: object, why: Refusal) =>
      t.rejects(node.cri.call('CheckpointPod', { ...request, ...change }), why);
    await pods({ pod_sandbox_id: 'none' }, { code: 5 });
    await pods({ container_ids: [] }, { code: 3, details: /empty/ });
    await pods({ container_ids: [id, id.slice(0, 20)] }, { code: 3, details: /twice/ });
    await pods({ output_path: 'a' }, { code: 3, details: /absolute/ });
    await pods({ output_path: `${files}/none` }, { code: 3, details: /no folder/ });
    await pods({}, { code: 3, details: /not empty/ });
    await pods({ options: { fast: 'yes' } }, { code: 3, details: /"fast"/ });
    t.equal(criu.runs.length, runs);
    await node.cri.call('StopContainer', { container_id: id, timeout: 0 });
    await refused({}, { code: 9, details: /not running/ });
    await pods({ output_path: `${runtime.folder}/logs` }, { code: 9, details: /not running/ });
  });
});

t.test('what criu cannot do is told, and the container goes on', async (t) => {
  writeFileSync(location, 'of before');
  t.teardown(() => criu.will('work'));
  await node.withContainers(['one'], async ([id = '']) => {
    criu.will('fail');
    const details = /inet: Connected TCP socket; Error .*Dumping FAILED/;
    await t.rejects(checkpoint(id), { code: 9, details });
    await node.goesOn('one');
    t.equal(readFileSync(location, 'utf8'), 'of before');
    t.strictSame(
      readdirSync(runtime.folder).filter((name) => name.includes('partial')),
      [],
    );
  });
  const other = { linux: { security_context: { namespace_options: { pid: 'NODE' } } } };
  await node.withContainers(
    ['two'],
    async ([id = '']) => {
      await t.rejects(checkpoint(id), { code: 12, details: /shares its PID namespace/ });
    },
    other,
  );
  await node.withContainers(
    ['three'],
    async ([id = '']) => {
      await t.rejects(checkpoint(id), { code: 12, details: /has a terminal/ });
    },
    { tty: true },
  );
});

t.test('a time that is over ends the attempt, and the container goes on', async (t) => {
  t.teardown(() => criu.will('work'));
  await node.withContainers(['one'], async ([id = '']) => {
    criu.will('hang');
    await t.rejects(checkpoint(id, 1), { code: 4, details: /within 1 s/ });
    await node.goesOn('one');
    const [process = ''] = criu.runs.at(-1)?.split(' ') ?? [];
    t.notOk(existsSync(`/proc/${process}`), 'criu is gone');
    const given = { container_id: id, location };
    await t.rejects(node.cri.within(1000, 'CheckpointContainer', given), { code: 4 });
    await node.goesOn('one');
  });
});

t.test('all containers of a pod stand still until the last is written', async (t) => {
  const output_path = `${runtime.folder}/pod`;
  mkdirSync(output_path);
  t.teardown(() => criu.will('work'));
  await node.withContainers(['one', 'two'], async (container_ids) => {
    const request = { pod_sandbox_id: pod.id, container_ids, output_path };
    criu.will('hang');
    const runs = criu.runs.length;
    const answer = node.cri.call('CheckpointPod', request);
    await until(() => criu.runs.length > runs);
    const lines = [node.linesOf('one'), node.linesOf('two')];
    t.equal((await node.cri.statusOf(container_ids[1] ?? '')).state, 'CONTAINER_RUNNING');
    t.strictSame([node.linesOf('one'), node.linesOf('two')], lines);
    criu.finish();
    await answer;
    const [one = '', two = ''] = container_ids;
    t.strictSame(readdirSync(output_path), [one, two, 'pod.dump', 'pod.options'].toSorted());
    const options = JSON.parse(readFileSync(`${output_path}/pod.options`, 'utf8'));
    t.strictSame(options, { version: 1, containers: { one, two } });
    t.ok(existsSync(`${output_path}/${two}/checkpoint/pages-1.img`));
    await node.goesOn('one');
    await node.goesOn('two');

    mkdirSync(`${output_path}2`);
    criu.will('fail');
    await t.rejects(
      node.cri.call('CheckpointPod', { ...request, output_path: `${output_path}2` }),
      {
        code: 9,
      },
    );
    t.strictSame(readdirSync(`${output_path}2`), []);
    await node.goesOn('one');
    await node.goesOn('two');
  });
});

const restorable = { name: 'pod', uid: 'restored', namespace: 'ns', attempt: 0 };

t.test('a restored pod is created, and gets its processes when it is started', async (t) => {
  const checkpoint_path = `${runtime.folder}/pod`;
  const container_configs = [counter('one'), counter('two')];
  const request = {
    checkpoint_path,
    config: { ...config, metadata: restorable },
    container_configs,
  };
  const before = readdirSync(checkpoint_path);
  const answer = await node.cri.call('RestorePod', request);
  const ids = (answer.restored_containers as { container_id: string }[]).map(
    ({ container_id }) => container_id,
  );
  const [one = '', two = ''] = ids;
  t.strictSame(
    answer.restored_containers.map(({ name }: { name: string }) => name),
    ['one', 'two'],
  );
  t.equal((await node.cri.statusOf(one)).state, 'CONTAINER_CREATED');
  t.strictSame(readdirSync(checkpoint_path), before);
  await node.cri.call('StartContainer', { container_id: one });
  t.equal((await node.cri.statusOf(one)).state, 'CONTAINER_RUNNING');
  await node.goesOn('one-restored');
  const words = criu.runs.at(-1) ?? '';
  t.match(words, /--inherit-fd=fd\[1\]:pipe:\[\d+\]/);
  t.match(words, /--join-ns=ipc:\S+ --join-ns=uts:\S+/);
  t.match(words, /--external=mnt\[\/proc\/keys\]:\/dev\/null/);
  await node.cri.call('StopContainer', { container_id: one, timeout: 30 });
  t.match(await node.cri.statusOf(one), { state: 'CONTAINER_EXITED', exit_code: 7 });

  criu.will('fail');
  t.teardown(() => criu.will('work'));
  const details = /criu cannot restore it: Error .*Pid 7 is taken/;
  await t.rejects(node.cri.call('StartContainer', { container_id: two }), { code: 3, details });
  t.match(await node.cri.statusOf(two), { state: 'CONTAINER_EXITED', reason: 'StartError' });
  await node.cri.call('RemovePodSandbox', { pod_sandbox_id: answer.pod_sandbox_id });
});

t.test('what is not as in the checkpoint is refused, and nothing is left', async (t) => {
  const checkpoint_path = `${runtime.folder}/pod`;
  const good = counter('one');
  const refused = async (change: object, why: Refusal): Promise<void> => {
    const container_configs = [good, counter('two')];
    const given = { checkpoint_path, config: { ...config, metadata: restorable } };
    await t.rejects(node.cri.call('RestorePod', { ...given, container_configs, ...change }), why);
  };
  const changed = (change: object): object => ({
    container_configs: [{ ...good, ...change }, counter('two')],
  });
  await refused({ checkpoint_path: 'a' }, { code: 3, details: /absolute/ });
  await refused({ checkpoint_path: '/no/such' }, { code: 3, details: /no checkpoint in/ });
  await refused({ options: { fast: 'yes' } }, { code: 3, details: /"fast"/ });
  await refused({ runtime_handler: 'none' }, { code: 5 });
  await refused({ config: undefined }, { code: 3 });
  await refused({ container_configs: [] }, { code: 3 });
  await refused({ container_configs: [good] }, { code: 3, details: /"two"/ });
  await refused({ container_configs: [good, good] }, { code: 3, details: /no further/ });
  await refused(changed({ command: ['sh'] }), { code: 9, details: /another process\.args/ });
  await refused(changed({ envs: [{ key: 'A', value: Buffer.from('b') }] }), {
    code: 9,
    details: /env/,
  });
  const mounts = [{ host_path: files, container_path: '/more' }];
  await refused(changed({ mounts }), { code: 9, details: /no mount at "\/more"/ });
  const pods = (await node.cri.call('ListPodSandbox')).items as { id: string }[];
  t.strictSame(
    pods.map(({ id }) => id),
    [pod.id],
  );
});

t.test('a runtime that is killed amid a checkpoint leaves a container that goes on', async (t) => {
  const output_path = `${runtime.folder}/killed`;
  mkdirSync(output_path);
  t.teardown(() => criu.will('work'));
  await node.withContainers(['one', 'two'], async (container_ids) => {
    criu.will('hang');
    const runs = criu.runs.length;
    const request = { pod_sandbox_id: pod.id, container_ids, output_path };
    const lost = t.rejects(node.cri.call('CheckpointPod', request), { code: 14 });
    await until(() => criu.runs.length > runs);
    await node.killAndStart();
    await lost;
    t.strictSame(readdirSync(output_path), []);
    // The other one was frozen, and nobody is at it.
    await node.goesOn('two');
    criu.finish();
    await node.goesOn('one');
    t.strictSame(readdirSync(`${runtime.folder}/root/tmp`), []);
    await checkpoint(container_ids[0] ?? '');
  });
});

t.test('a machine without criu, or with one that refuses its kernel, says so', async (t) => {
  t.teardown(() => criu.will('work'));
  await node.withContainers(['one'], async ([id = '']) => {
    criu.will('refuse');
    // Known by its time as one that works.
    const touched = new Date(Date.now() + 60_000);
    execFileSync('touch', ['-d', touched.toISOString(), criu.path]);
    await t.rejects(checkpoint(id), { code: 12, details: /criu 4\.1\.1 does not work on this/ });
    execFileSync('mv', [criu.path, `${criu.path}-away`]);
    await t.rejects(checkpoint(id), { code: 12, details: /criu is not installed/ });
    await node.goesOn('one');
  });
});
