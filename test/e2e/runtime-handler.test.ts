import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { withoutRoot } from '../kernel/skip.ts';
import { CriClient } from './cri-client.ts';
import { PrivateRuntime } from './private-runtime.ts';

/** crun refuses machines that have both kinds of cgroups; the lab has one. */
const isHybrid = existsSync('/sys/fs/cgroup/unified');
const isLab = readFileSync('/proc/cmdline', 'utf8').includes('lab-init');
const programs = { runc: '/usr/sbin/runc', crun: '/usr/bin/crun' } as const;

t.setTimeout(300_000);

for (const [name, path] of Object.entries(programs)) {
  const missing = existsSync(path) ? false : `needs ${name}`;
  const refused = name === 'crun' && isHybrid && 'crun refuses hybrid cgroups; the lab has it';
  const slow = name === 'runc' && isLab && 'the lab is slow, and the host has run it';
  const skip = withoutRoot || missing || refused || slow;

  t.test(`a pod of the handler ${name} runs under ${name}`, { skip }, async (t) => {
    const folder = t.testdir({
      'config.yaml': `runtimes: {${name}: {path: ${path}}, absent: {path: /nonexistent/runtime}}`,
    });
    const runtime = await PrivateRuntime.start({ flags: ['--config', `${folder}/config.yaml`] });
    t.teardown(() => runtime[Symbol.asyncDispose]());
    using cri = new CriClient(runtime.socket);

    const { runtime_handlers: handlers } = await cri.call('Status');
    const names = handlers.map(({ name }: { name: string }) => name);
    t.same(names, ['', 'keelson', name, 'absent']);
    // Debian's crun does not tell its features.
    const recursive = { recursive_read_only_mounts: name === 'runc' };
    t.match(handlers[2], { features: recursive });
    t.match(handlers[3], { features: { recursive_read_only_mounts: false } });

    mkdirSync(`${runtime.folder}/logs`);
    const config = {
      metadata: { name: 'pod', uid: 'u', namespace: 'default', attempt: 0 },
      log_directory: `${runtime.folder}/logs`,
      linux: { security_context: { namespace_options: { network: 'NODE' } } },
    };
    await t.rejects(cri.call('RunPodSandbox', { config, runtime_handler: 'kata' }), {
      code: 5,
      details: /No runtime handler "kata"/,
    });
    const pod = await cri.call('RunPodSandbox', { config, runtime_handler: name });
    const id = pod.pod_sandbox_id;
    t.match(await cri.call('PodSandboxStatus', { pod_sandbox_id: id }), {
      status: { runtime_handler: name },
    });
    const container = await cri.run(
      { id, config },
      {
        metadata: { name: 'c', attempt: 0 },
        image: { image: 'busybox' },
        command: ['sh', '-c', 'echo hello; sleep 1000'],
        log_path: 'c.log',
      },
    );
    t.ok(existsSync(`/run/keelson/runtimes/${name}/${container}`), 'the runtime has it');
    const answer = await cri.call('ExecSync', { container_id: container, cmd: ['hostname'] });
    t.equal(answer.exit_code, 0);
    await runtime.down('SIGKILL');
    await runtime.up();
    const status = await cri.call('ContainerStatus', { container_id: container });
    t.equal(status.status.state, 'CONTAINER_RUNNING');
    await cri.call('StopContainer', { container_id: container, timeout: 0 });
    const stopped = await cri.call('ContainerStatus', { container_id: container });
    t.match(stopped.status, { state: 'CONTAINER_EXITED', exit_code: 137 });
    await cri.call('StopPodSandbox', { pod_sandbox_id: id });
    await cri.call('RemovePodSandbox', { pod_sandbox_id: id });
    t.notOk(existsSync(`/run/keelson/runtimes/${name}/${container}`), 'and keeps nothing');
    t.same(await runtime.leftovers(), []);
  });
}

t.test('the built-in runtime is a handler by its own name', { skip: withoutRoot }, async (t) => {
  const runtime = await PrivateRuntime.start();
  t.teardown(() => runtime[Symbol.asyncDispose]());
  using cri = new CriClient(runtime.socket);
  const { runtime_handlers: handlers } = await cri.call('Status');
  const features = { recursive_read_only_mounts: true, user_namespaces: true };
  t.match(handlers, [
    { name: '', features },
    { name: 'keelson', features },
  ]);
  mkdirSync(`${runtime.folder}/logs`);
  const config = {
    metadata: { name: 'pod', uid: 'u', namespace: 'default', attempt: 0 },
    log_directory: `${runtime.folder}/logs`,
    linux: { security_context: { namespace_options: { network: 'NODE' } } },
  };
  const { pod_sandbox_id: id } = await cri.call('RunPodSandbox', {
    config,
    runtime_handler: 'keelson',
  });
  const { status } = await cri.call('PodSandboxStatus', { pod_sandbox_id: id });
  t.equal(status.runtime_handler, 'keelson');
  const container = await cri.run(
    { id, config },
    {
      metadata: { name: 'c', attempt: 0 },
      image: { image: 'busybox' },
      command: ['sleep', '1000'],
      log_path: 'c.log',
    },
  );
  const { exit_code: code } = await cri.call('ExecSync', {
    container_id: container,
    cmd: ['true'],
  });
  t.equal(code, 0);
  await cri.call('StopPodSandbox', { pod_sandbox_id: id });
  await cri.call('RemovePodSandbox', { pod_sandbox_id: id });
  t.same(await runtime.leftovers(), []);
});
