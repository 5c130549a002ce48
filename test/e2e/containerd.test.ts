import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { Bundle } from '../kernel/container/bundle.ts';
import { program, Resident } from '../kernel/oci/runtime.ts';
import { withoutRoot } from '../kernel/skip.ts';

const skip =
  withoutRoot === false && !existsSync('/usr/bin/containerd') ? 'needs containerd' : withoutRoot;

t.setTimeout(200_000);

/** A containerd of our own, whose shim starts keelson-oci with a resident planner. */
class Containerd implements AsyncDisposable {
  readonly #folder = mkdtempSync('/tmp/keelson-e2e-');
  readonly #bundle = new Bundle();
  readonly #resident: Resident;
  readonly #daemon: ChildProcess;
  /** Of this test alone: the shims' state is shared by all containerds of a machine. */
  readonly name = `keelson${process.pid}`;

  private constructor(resident: Resident) {
    this.#resident = resident;
    const folder = this.#folder;
    const script = `#!/bin/sh
export KEELSON_OCI_SOCKET=${resident.socket} KEELSON_CGROUP_MISSINGCONTROLLERS=warn
exec ${program} "$@"
`;
    writeFileSync(`${folder}/keelson-oci`, script, { mode: 0o755 });
    mkdirSync(`${folder}/state`);
    writeFileSync(
      `${folder}/config.toml`,
      `version = 2\nroot = "${folder}/root"\nstate = "${folder}/state"\n` +
        `disabled_plugins = ["io.containerd.grpc.v1.cri"]\n` +
        `[grpc]\n  address = "${folder}/s"\n[ttrpc]\n  address = "${folder}/s.ttrpc"\n`,
    );
    this.#daemon = spawn('containerd', ['--config', `${folder}/config.toml`], { stdio: 'ignore' });
  }

  static async open(): Promise<Containerd> {
    const containerd = new Containerd(await Resident.start());
    for (let round = 0; round < 400 && !existsSync(containerd.#socket); round++) await delay(50);
    return containerd;
  }

  get #socket(): string {
    return `${this.#folder}/s`;
  }

  ctr(...words: readonly string[]): { code: number; stdout: string; stderr: string } {
    const argv = ['--address', this.#socket, '--namespace', this.name, ...words];
    const { status, stdout, stderr } = spawnSync('ctr', argv, {
      timeout: 60_000,
      encoding: 'utf8',
    });
    return { code: status ?? -1, stdout, stderr };
  }

  run(id: string, flags: readonly string[], ...program: readonly string[]) {
    const runtime = ['--runtime', 'io.containerd.runc.v2', '--runc-binary'];
    const binary = `${this.#folder}/keelson-oci`;
    const place = ['--rootfs', this.#bundle.root, id];
    return this.ctr('run', ...flags, ...runtime, binary, ...place, ...program);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#daemon, 'exit');
    this.#daemon.kill('SIGTERM');
    await ended;
    await this.#resident[Symbol.asyncDispose]();
    this.#bundle[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

t.test('containerd runs its containers with keelson', { skip }, async (t) => {
  await using containerd = await Containerd.open();
  t.match(containerd.run('a', ['--rm'], 'echo', 'hello'), { code: 0, stdout: 'hello\n' });
  t.equal(containerd.run('b', ['--rm'], 'sh', '-c', 'exit 6').code, 6);
  t.match(containerd.run('c', ['--rm'], 'nosuch'), {
    code: 1,
    stderr: /executable file not found/,
  });
  const task = (...words: readonly string[]) => containerd.ctr('task', ...words);
  t.equal(containerd.run('d', ['--detach'], 'sleep', '1000').code, 0);
  t.match(task('ls'), { stdout: /d +\d+ +RUNNING/ });
  t.match(task('exec', '--exec-id', 'e1', 'd', 'sh', '-c', 'echo in; exit 4'), {
    code: 4,
    stdout: 'in\n',
  });
  t.match(task('exec', '--exec-id', 'e2', 'd', 'nosuch'), { stderr: /executable file not found/ });
  t.equal(task('pause', 'd').code, 0);
  t.match(task('ls'), { stdout: /PAUSED/ });
  t.equal(task('resume', 'd').code, 0);
  t.match(task('ps', 'd'), { stdout: /^\d+/m });
  t.equal(task('metrics', 'd').code, 0);
  t.equal(task('kill', '--signal', 'SIGKILL', 'd').code, 0);
  for (let round = 0; round < 1000 && !task('ls').stdout.includes('STOPPED'); round++) {
    await delay(50);
  }
  t.match(task('delete', 'd'), { stderr: /exit with non-zero exit code 137/ });
  t.equal(containerd.ctr('container', 'delete', 'd').code, 0);
  t.same(existsSync(`/run/containerd/runc/${containerd.name}/d`), false);
});
