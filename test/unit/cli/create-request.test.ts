import { Command } from 'commander';
import t from 'tap';
import { createRequest, parseRestart } from '../../../src/cli/create-request.ts';
import { addRunFlags, type RunFlags } from '../../../src/cli/run-flags.ts';
import { NamespaceMode, ProfileType } from '../../../src/cri/generated/runtime.ts';

/** The request of a whole command line, through the flags' own definitions. */
function request(...argv: string[]): ReturnType<typeof createRequest> {
  const command = addRunFlags(new Command('run'))
    .argument('<image>')
    .argument('[command...]')
    .passThroughOptions()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.parse(argv, { from: 'user' });
  const flags = command.opts<RunFlags>();
  return createRequest(flags, command.args, { env: flags.env });
}

t.test('flags after the image are the program its own', async (t) => {
  const { config } = request('-it', '--rm', 'busybox', 'sh', '-c', 'echo -n');
  t.same(config?.args, ['sh', '-c', 'echo -n']);
  t.match(config, { tty: true, stdin: true, stdin_once: true, image: { image: 'busybox' } });
});

t.test('names, labels and environment', async (t) => {
  const made = request(
    '--name',
    'n',
    '-e',
    'A=b=c',
    '-l',
    'x=y',
    '--annotation',
    'k=v',
    '-w',
    '/w',
    'i',
  );
  t.equal(made.name, 'n');
  t.match(made.config, { labels: { x: 'y' }, annotations: { k: 'v' }, working_dir: '/w' });
  t.same(made.config?.envs, [{ key: 'A', value: Buffer.from('b=c') }]);
});

t.test('limits arrive in the units of the CRI', async (t) => {
  const limits = request(
    '--cpus',
    '1.5',
    '-m',
    '256m',
    '--memory-swap',
    '512m',
    '--pids-limit',
    '9',
    'i',
  );
  t.match(limits.config?.linux?.resources, {
    cpu_period: 100_000,
    cpu_quota: 150_000,
    memory_limit_in_bytes: 268_435_456,
    memory_swap_limit_in_bytes: 536_870_912,
  });
  t.equal(limits.options?.pids_limit, 9);
  t.equal(request('i').options?.pids_limit, undefined, 'absent is not zero');
});

t.test('limits that contradict each other or make no sense are refused', async (t) => {
  const bad: [RegExp, ...string[]][] = [
    [/--cpus and --cpu-period/, '--cpus', '1', '--cpu-quota', '5'],
    [/Invalid number of processors/, '--cpus', 'two'],
    [/Invalid number of processors/, '--cpus', '0'],
    [/--memory-swap needs --memory/, '--memory-swap', '1g'],
    [/above --memory/, '--memory', '2g', '--memory-swap', '1g'],
    [/between -1000 and 1000/, '--oom-score-adj', '1001'],
    [/Invalid size "x" for --memory/, '-m', 'x'],
  ];
  for (const [message, ...argv] of bad) t.throws(() => request(...argv, 'i'), message);
});

t.test('namespaces: own ones by default, the host its by name', async (t) => {
  const options = (...argv: string[]): unknown =>
    request(...argv, 'i').config?.linux?.security_context?.namespace_options;
  t.match(options(), { network: NamespaceMode.POD, pid: NamespaceMode.CONTAINER });
  t.match(options('--network', 'host', '--pid', 'host', '--ipc', 'host'), {
    network: NamespaceMode.NODE,
    pid: NamespaceMode.NODE,
    ipc: NamespaceMode.NODE,
  });
  const mapping = { container_id: 0, host_id: 100000, length: 65536 };
  t.match(options('--userns', '100000:65536'), {
    userns_options: { mode: NamespaceMode.POD, uids: [mapping], gids: [mapping] },
  });
  t.equal(request('--pid', 'container:x', 'i').options?.pid_container, 'x');
  t.throws(() => request('--pid', 'foo', 'i'), /Unknown mode "foo" for --pid/);
  t.throws(() => request('--userns', 'auto', 'i'), /Unknown mode "auto" for --userns/);
});

t.test('security options', async (t) => {
  t.match(context('--security-opt', 'no-new-privileges'), { no_new_privs: true });
  t.match(context('--security-opt', 'no-new-privileges=false'), { no_new_privs: false });
  t.match(context('--security-opt', 'seccomp=unconfined'), {
    seccomp: { profile_type: ProfileType.Unconfined },
  });
  t.match(context('--security-opt', 'seccomp=/p.json'), {
    seccomp: { profile_type: ProfileType.Localhost },
  });
  t.throws(() => context('--security-opt', 'label=disable'), /"label=disable"/);
  t.match(context('--cap-add', 'NET_ADMIN', '--cap-drop', 'ALL', '--read-only', '--privileged'), {
    capabilities: { add_capabilities: ['NET_ADMIN'], drop_capabilities: ['ALL'] },
    readonly_rootfs: true,
    privileged: true,
  });
});

t.test('an entry point replaces that of the image; an empty one removes it', async (t) => {
  t.same(request('--entrypoint', '/x', 'i', 'a').config?.command, ['/x']);
  t.match(request('--entrypoint=', 'i', 'a'), {
    config: { command: [] },
    options: { clear_entrypoint: true },
  });
});

t.test('restart policies', async (t) => {
  t.same(parseRestart('on-failure:3'), { name: 'on-failure', maximum_retries: 3 });
  t.same(parseRestart('always'), { name: 'always', maximum_retries: 0 });
  for (const bad of ['', 'sometimes', 'always:3', 'on-failure:x', 'on-failure:-1']) {
    t.throws(() => parseRestart(bad), /Invalid restart policy/, bad);
  }
});

function context(...argv: string[]): object {
  return request(...argv, 'i').config?.linux?.security_context ?? {};
}
