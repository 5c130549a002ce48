import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import t from 'tap';
import { withoutRoot } from '../kernel/skip.ts';
import { program, Resident } from '../kernel/oci/runtime.ts';
import { Bundle } from '../kernel/container/bundle.ts';

const skip = withoutRoot === false && !existsSync('/usr/bin/podman') ? 'needs podman' : withoutRoot;

t.setTimeout(280_000);

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function start(file: string, argv: readonly string[]) {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const child = execFile(file, argv, { timeout: 60_000 }, (error, stdout, stderr) => {
    const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
    resolve({ code, stdout, stderr });
  });
  return { child, outcome: promise };
}

/** Podman with storage of its own, on keelson-oci with a resident planner. */
class Podman implements AsyncDisposable {
  readonly #folder: string;
  readonly #resident: Resident;

  private constructor(folder: string, resident: Resident) {
    this.#folder = folder;
    this.#resident = resident;
  }

  static async open(): Promise<Podman> {
    const folder = await mkdtemp('/tmp/keelson-e2e-');
    const podman = new Podman(folder, await Resident.start());
    // Podman gives its runtime an environment of its own making.
    const script = `#!/bin/sh
export KEELSON_OCI_SOCKET=${podman.#resident.socket} KEELSON_CGROUP_MISSINGCONTROLLERS=warn
exec ${program} "$@"
`;
    await writeFile(`${folder}/keelson-oci`, script);
    await chmod(`${folder}/keelson-oci`, 0o755);
    using bundle = new Bundle();
    const archive = `${folder}/root.tar`;
    spawnSync('tar', ['-C', bundle.root, '-cf', archive, '.']);
    const { code, stderr } = await podman.run('import', archive, 'busybox');
    if (code !== 0) throw new Error(stderr);
    return podman;
  }

  run(...words: readonly string[]): Promise<Outcome> {
    return this.runWith('', ...words);
  }

  runWith(input: string, ...words: readonly string[]): Promise<Outcome> {
    const { child, outcome } = start('podman', [...this.#storage(), ...words]);
    child.stdin?.end(input);
    return outcome;
  }

  /** With a terminal, by script(1), whose input stays open: at its end Podman may stop reading. */
  runOnTerminal(...words: readonly string[]): Promise<Outcome> {
    const line = ['podman', ...this.#storage(), ...words].map((word) => `'${word}'`).join(' ');
    return start('script', ['-qec', line, '/dev/null']).outcome;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run('rm', '--all', '--force', '--time', '0');
    await this.#resident[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #storage(): string[] {
    const folder = this.#folder;
    const place = [
      '--root',
      `${folder}/root`,
      '--runroot',
      `${folder}/run`,
      '--tmpdir',
      `${folder}/tmp`,
    ];
    return [...place, '--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs'].concat([
      '--runtime',
      `${folder}/keelson-oci`,
    ]);
  }
}

/** Limits that this machine's root may set. */
const usual = ['--network', 'none', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000'];

t.test('Podman runs its containers with keelson', { skip }, async (t) => {
  await using podman = await Podman.open();
  const run = (...words: readonly string[]) => podman.run('run', ...usual, ...words);
  t.match(await run('--rm', 'busybox', 'echo', 'hello'), { code: 0, stdout: 'hello\n' });
  t.equal((await run('--rm', 'busybox', 'sh', '-c', 'exit 6')).code, 6);
  t.match(await run('--rm', 'busybox', 'nosuch'), { code: 127, stderr: /not found/ });
  t.match(await run('--rm', 'busybox', '/etc'), { code: 126, stderr: /permission denied/ });
  t.match(await podman.runWith('typed\n', 'run', '-i', '--rm', ...usual, 'busybox', 'cat'), {
    stdout: 'typed\n',
  });
  t.match(await podman.runOnTerminal('run', '-it', '--rm', ...usual, 'busybox', 'tty'), {
    code: 0,
    stdout: /\/dev\/pts\/0/,
  });

  t.equal(
    (await run('-d', '--name', 'a', 'busybox', 'sh', '-c', 'echo begun; sleep 1000')).code,
    0,
  );
  const state = async () =>
    (await podman.run('inspect', 'a', '--format', '{{.State.Status}}')).stdout.trim();
  t.equal(await state(), 'running');
  t.match(await podman.run('exec', 'a', 'sh', '-c', 'id -u; exit 3'), { code: 3, stdout: '0\n' });
  t.match(await podman.run('exec', 'a', 'nosuch'), { code: 127 });
  t.match(await podman.runWith('in\n', 'exec', '-i', 'a', 'cat'), { stdout: 'in\n' });
  t.match(await podman.runOnTerminal('exec', '-it', 'a', 'tty'), { stdout: /\/dev\/pts\/\d/ });
  t.equal((await podman.run('pause', 'a')).code, 0);
  t.equal(await state(), 'paused');
  t.equal((await podman.run('unpause', 'a')).code, 0);
  t.match(await podman.run('top', 'a'), { stdout: /sleep 1000/ });
  t.match(await podman.run('logs', 'a'), { stdout: 'begun\n' });
  t.equal((await podman.run('kill', '--signal', 'KILL', 'a')).code, 0);
  t.match(await podman.run('wait', 'a'), { stdout: '137\n' });
  t.equal((await podman.run('start', 'a')).code, 0);
  t.equal((await podman.run('stop', '--time', '0', 'a')).code, 0);
  t.equal(await state(), 'exited');
  t.equal((await podman.run('rm', 'a')).code, 0);
});
