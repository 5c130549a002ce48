/** What runtimes are known to forget of the CRI, each as a kubelet or crictl would notice it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { type Answer, CriClient, sleeper } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';

if (process.getuid?.() !== 0) {
  t.pass('skipped', { skip: 'needs root' });
  process.exit(0);
}

t.setTimeout(280_000);
const runtime = await PrivateRuntime.start();
t.teardown(() => runtime[Symbol.asyncDispose]());
const cri = new CriClient(runtime.socket);
t.teardown(() => cri[Symbol.dispose]());

const config = {
  metadata: { name: 'fields', uid: 'u1', namespace: 'ns', attempt: 0 },
  log_directory: `${runtime.folder}/logs`,
  linux: { security_context: { namespace_options: { network: 'NODE', pid: 'CONTAINER' } } },
};
const pod = { id: await cri.pod(config), config };

t.test('an ExecSync answer with both streams full is one that clients take', async (t) => {
  const id = await cri.run(pod, sleeper({}));
  const script = 'head -c 17000000 /dev/zero; head -c 17000000 /dev/zero >&2; exit 3';
  const { stdout, stderr, exit_code } = await cri.call('ExecSync', {
    container_id: id,
    cmd: ['sh', '-c', script],
  });
  t.equal(exit_code, 3);
  t.equal(stdout.length + stderr.length, 16 * 1024 * 1024 - 64);
  t.equal(stderr.length, stdout.length);
  await cri.remove(id);
});

t.test("a privileged container has the host's devices, but none that lead nowhere", async (t) => {
  // As sysvinit leaves /dev/initctl.
  const dangling = `/dev/keelson-test-${process.pid}`;
  symlinkSync('/nowhere', dangling);
  t.teardown(() => unlinkSync(dangling));
  const privileged = { namespace_options: { pid: 'CONTAINER' }, privileged: true };
  const id = await cri.run(pod, sleeper({ linux: { security_context: privileged } }));
  const names = (await cri.output(id, 'ls', '/dev')).split('\n');
  t.ok(names.includes('kmsg'));
  t.notOk(names.includes(basename(dangling)));
  await cri.remove(id);
});

async function groupsBy(policy: string): Promise<[string, Answer]> {
  const security_context = {
    run_as_user: { value: 1000 },
    supplemental_groups: [4000],
    supplemental_groups_policy: policy,
  };
  const id = await cri.run(pod, sleeper({ linux: { security_context } }));
  const groups = await cri.output(id, 'id', '-G');
  const { user } = await cri.statusOf(id);
  await cri.remove(id);
  return [groups.trim(), user.linux];
}

t.test('groups: merged or strict, and reported as they are', async (t) => {
  const [merged, user] = await groupsBy('Merge');
  t.same(merged.split(' ').toSorted(), ['1001', '1002', '4000']);
  t.same(
    { ...user, supplemental_groups: user.supplemental_groups.toSorted() },
    {
      uid: 1000,
      gid: 1001,
      supplemental_groups: [1001, 1002, 4000],
    },
  );
  const [strict, only] = await groupsBy('Strict');
  t.same(strict.split(' ').toSorted(), ['1001', '4000']);
  t.same(only.supplemental_groups.toSorted(), [1001, 4000]);
});

function namedUser(run_as_username: string): object {
  return sleeper({ linux: { security_context: { run_as_username } } });
}

t.test("a user's name is looked up in the image, and the status has the number", async (t) => {
  const id = await cri.run(pod, namedUser('worker'));
  t.equal(await cri.output(id, 'id', '-u'), '1000\n');
  t.match((await cri.statusOf(id)).user.linux, { uid: 1000, gid: 1001 });
  await cri.remove(id);
  await t.rejects(cri.container(pod, namedUser('nobody-there')), {
    code: 3,
    details: /no user "nobody/,
  });
});

t.test('a group without a user is refused, of containers and of pods', async (t) => {
  const security_context = { run_as_group: { value: 5 } };
  await t.rejects(cri.container(pod, sleeper({ linux: { security_context } })), { code: 3 });
  const linux = { security_context: { ...config.linux.security_context, ...security_context } };
  const metadata = { name: 'group', uid: 'u2', namespace: 'ns' };
  await t.rejects(cri.pod({ ...config, metadata, linux }), { code: 3 });
});

t.test("stop_signal: the CRI's numbers, the image's word, the status", async (t) => {
  const trap =
    'trap "exit 42" USR1; trap "exit 43" TERM; touch /ready; while :; do sleep 0.05; done';
  const own = await cri.run(pod, sleeper({ stop_signal: 'SIGNAL_SIGUSR1' }, ['sh', '-c', trap]));
  const usual = await cri.run(pod, sleeper({}, ['sh', '-c', trap]));
  t.equal((await cri.statusOf(own)).stop_signal, 'SIGNAL_SIGUSR1');
  t.equal((await cri.statusOf(usual)).stop_signal, 'SIGNAL_SIGTERM');
  for (const id of [own, usual]) {
    await cri.output(id, 'sh', '-c', 'until [ -e /ready ]; do sleep 0.05; done');
  }
  for (const id of [own, usual]) await cri.call('StopContainer', { container_id: id, timeout: 10 });
  t.match(await cri.statusOf(own), { exit_code: 42, state: 'CONTAINER_EXITED', reason: 'Error' });
  t.match(await cri.statusOf(usual), { exit_code: 43 });
  for (const id of [own, usual]) await cri.remove(id);
});

t.test(
  'mounts: links followed on the host, missing sources refused, rro reaches below',
  async (t) => {
    const folder = `${runtime.folder}/mounts`;
    mkdirSync(`${folder}/real/below`, { recursive: true });
    writeFileSync(`${folder}/real/file`, 'x');
    symlinkSync(`${folder}/real`, `${folder}/link`);
    execFileSync('mount', ['-t', 'tmpfs', 'below', `${folder}/real/below`]);
    t.teardown(() => execFileSync('umount', [`${folder}/real/below`]));
    const mount = (more: object): object => ({
      container_path: '/m',
      host_path: `${folder}/link`,
      ...more,
    });
    const id = await cri.run(
      pod,
      sleeper({
        mounts: [
          mount({ readonly: true }),
          mount({ container_path: '/r', readonly: true, recursive_read_only: true }),
        ],
      }),
    );
    t.equal(await cri.output(id, 'cat', '/m/file'), 'x');
    t.equal(await cri.output(id, 'touch', '/m/below/new'), '', 'plain ro leaves what is below');
    t.match(await cri.output(id, 'touch', '/r/below/other'), /Read-only file system/);
    await cri.remove(id);
    const refused = async (more: object): Promise<void> => {
      await t.rejects(cri.container(pod, sleeper({ mounts: [mount(more)] })), { code: 3 });
    };
    await refused({ host_path: '/no/such' });
    await refused({ recursive_read_only: true });
    await refused({ recursive_read_only: true, readonly: true, propagation: 1 });
  },
);

t.test('verbose info has the pid, the config and the specification', async (t) => {
  const envs = [{ key: 'COLOUR', value: Buffer.from('red') }];
  const id = await cri.run(pod, sleeper({ envs, annotations: { 'x/y': 'a\n"b' } }));
  const answer = await cri.call('ContainerStatus', { container_id: id, verbose: true });
  t.same(answer.status.annotations, { 'x/y': 'a\n"b' });
  const info = JSON.parse(answer.info.info);
  t.equal(
    execFileSync('cat', [`/proc/${info.pid}/comm`], { encoding: 'utf8' }),
    'sleep\n',
    "the program's own, not the pod's",
  );
  t.match(info.config.envs, [{ key: 'COLOUR', value: 'red' }]);
  t.match(info.runtimeSpec, {
    process: { args: ['sleep', '1000'] },
    linux: { cgroupsPath: String },
  });
  t.equal(info.sandboxID, pod.id);
  const verbose = await cri.call('PodSandboxStatus', { pod_sandbox_id: pod.id, verbose: true });
  const podInfo = JSON.parse(verbose.info.info);
  t.match(podInfo, { pid: Number, config: { metadata: { name: 'fields' } }, runtimeSpec: {} });
  t.equal(verbose.containers_statuses.length, 1);
  t.ok(verbose.timestamp > 1.7e18);
  await cri.remove(id);
});

t.test('an image asked for by its id is told by the name that the pod has for it', async (t) => {
  const { image } = await cri.call('ImageStatus', { image: { image: 'busybox' } });
  const shown = async (spec: object): Promise<Answer> => {
    const container = await cri.container(pod, sleeper({ image: spec }));
    const { image: told, image_ref, image_id } = await cri.statusOf(container);
    await cri.remove(container);
    t.same([image_ref, image_id], [image.id, image.id], 'no registry gave it a digest');
    return told.image;
  };
  t.equal(
    await shown({ image: image.id, user_specified_image: 'busybox:latest' }),
    'busybox:latest',
  );
  t.equal(await shown({ image: image.id }), image.repo_tags[0]);
  t.equal(await shown({ image: 'busybox' }), 'busybox');
});

t.test('new resources of a pod are kept with it', async (t) => {
  const resources = { cpu_period: 100_000, cpu_quota: 50_000 };
  const request = { pod_sandbox_id: pod.id, overhead: { cpu_shares: 2 }, resources };
  await cri.call('UpdatePodSandboxResources', request);
  const { info } = await cri.call('PodSandboxStatus', { pod_sandbox_id: pod.id, verbose: true });
  t.match(JSON.parse(info.info).config.linux, { overhead: { cpu_shares: 2 }, resources });
  const unknown = { ...request, pod_sandbox_id: 'ffff' };
  await t.rejects(cri.call('UpdatePodSandboxResources', unknown), { code: 5 });
});

t.test('what images and writable layers take', async (t) => {
  const before = await cri.call('ImageFsInfo');
  const id = await cri.run(
    pod,
    sleeper({}, ['sh', '-c', 'dd if=/dev/zero of=/big bs=1024 count=3000; exec sleep 1000']),
  );
  for (const item of [...before.image_filesystems, ...before.container_filesystems]) {
    t.ok(item.timestamp > 1.7e18);
    t.ok(item.used_bytes.value >= 0 && item.inodes_used.value >= 0);
    t.match(item.fs_id.mountpoint, /^\//);
  }
  t.ok(before.image_filesystems[0].used_bytes.value > 500_000, 'an image is there');
  let used = 0;
  for (let tries = 0; tries < 100 && used < 3_000_000; tries += 1) {
    await sleep(500);
    const [own] = (await cri.call('ImageFsInfo')).container_filesystems;
    used = own.used_bytes.value;
  }
  t.ok(used >= 3_000_000, `${used} bytes after writing`);
  await cri.remove(id);
});

t.test('mount options hold in a mount and in those below it', async (t) => {
  const source = `${runtime.folder}/source`;
  mkdirSync(`${source}/below`, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', 'below', `${source}/below`]);
  t.teardown(() => execFileSync('umount', ['-l', `${source}/below`]));
  for (const place of [source, `${source}/below`]) execFileSync('cp', ['/bin/busybox', place]);
  const mount = { container_path: '/m', host_path: source, mount_options: ['noexec', 'nodev'] };
  const id = await cri.run(pod, sleeper({ mounts: [mount] }));
  for (const program of ['/m/busybox', '/m/below/busybox']) {
    t.match(await cri.output(id, 'sh', '-c', `${program} true; echo $?`), /^126\n.*denied/);
  }
  t.equal(await cri.output(id, 'sh', '-c', 'echo a > /m/f; cat /m/f'), 'a\n');
  await cri.remove(id);
  t.equal((await cri.call('Status')).features.mount_options, true);
});

t.test('a name is free again after a create that failed, and after removal', async (t) => {
  writeFileSync(`${runtime.folder}/plain`, '');
  const bad = sleeper({ mounts: [{ container_path: '/x', host_path: '/no/such' }] });
  const good = { ...bad, mounts: [] };
  await t.rejects(cri.container(pod, bad), { code: 3 });
  const id = await cri.container(pod, good);
  await t.rejects(cri.container(pod, good), { code: 6 });
  await cri.remove(id);
  await cri.remove(await cri.container(pod, good));
});

t.test('a create that failed leaves no log: a kubelet counts them as restarts', async (t) => {
  const log_path = 'failed/0.log';
  mkdirSync(`${runtime.folder}/logs/failed`, { recursive: true });
  const log = `${runtime.folder}/logs/${log_path}`;
  // No file can be mounted on a folder, which is seen when all else is made.
  const mounts = [{ container_path: '/etc', host_path: `${runtime.folder}/log` }];
  const bad = sleeper({ log_path, mounts });
  await t.rejects(cri.container(pod, bad), { code: 3 });
  t.notOk(existsSync(log));
  const id = await cri.run(pod, sleeper({ log_path }));
  t.ok(existsSync(log));
  await cri.remove(id);
});

t.test('removing the pod leaves nothing', async (t) => {
  await cri.call('RemovePodSandbox', { pod_sandbox_id: pod.id });
  t.same(await runtime.leftovers(), []);
});
