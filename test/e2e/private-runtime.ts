import { execFile, spawn, type ChildProcess } from 'node:child_process';
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  rmdir,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { atDeath, mortal } from '../at-death.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RuntimeOptions {
  /** A program that runs the runtime, such as `ip netns exec NAME`; it must exec. */
  readonly within?: readonly string[];
  /** More flags of the runtime. */
  readonly flags?: readonly string[];
  /** An empty folder whose name no other test has, in place of a new one. */
  readonly folder?: string;
  /** `debug` by default. */
  readonly logLevel?: string;
}

/** A runtime with folders, socket and cgroup of its own, and an image named `busybox`. */
export class PrivateRuntime implements AsyncDisposable {
  readonly folder: string;
  readonly name: string;
  readonly #options: RuntimeOptions;
  #process: ChildProcess | undefined;

  private constructor(folder: string, options: RuntimeOptions) {
    this.folder = folder;
    this.#options = options;
    this.name = folder.split('/').at(-1) ?? '';
  }

  static async start(options: RuntimeOptions = {}): Promise<PrivateRuntime> {
    const runtime = new PrivateRuntime(
      options.folder ?? (await mkdtemp('/tmp/keelson-e2e-')),
      options,
    );
    atDeath(removal, runtime.folder, runtime.name);
    await runtime.up();
    await runtime.#makeImage();
    return runtime;
  }

  /** Of the process that was started last. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get socket(): string {
    return `${this.folder}/state/cri.sock`;
  }

  get log(): Promise<string> {
    return readFile(`${this.folder}/log`, 'utf8');
  }

  async up(): Promise<void> {
    const { root, state } = { root: `${this.folder}/root`, state: `${this.folder}/state` };
    const flags = ['--root', root, '--state', state, '--socket', this.socket];
    const log = `${this.folder}/log`;
    const own = ['--cgroup-parent', `/${this.name}`, '--missing-controllers', 'warn'];
    const { within = [], flags: more = [] } = this.#options;
    const command = [...within, process.execPath, main, 'runtime', ...flags, ...own, ...more];
    const logged = 'log=$1; shift; exec "$@" 2>>"$log"';
    this.#process = spawn('setpriv', mortal('sh', '-c', logged, 'sh', log, ...command), {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: this.#environment(),
    });
    for (let attempt = 0; attempt < 400; attempt += 1) {
      if ((await this.run('version')).code === 0) return;
      await sleep(50);
    }
    throw new Error(`The runtime does not answer: ${await this.log}`);
  }

  /** The machine's own CNI configuration is not the test's. */
  #environment(): NodeJS.ProcessEnv {
    const config = {
      KEELSON_CNI_CONFIG: `${this.folder}/net.d`,
      KEELSON_CNI_CACHE: `${this.folder}/results`,
    };
    return { ...config, ...process.env, KEELSON_LOG: this.#options.logLevel ?? 'debug' };
  }

  /** Takes what a reboot takes: everything below the state folder. Only while it is down. */
  async forgetState(): Promise<void> {
    const pods = await names(`${this.folder}/state/pods`);
    const shims = await Promise.all(pods.map((path) => shimOf(path.split('/').at(-1) ?? '')));
    for (const pid of shims.flat()) process.kill(pid, 'SIGKILL');
    const pins = pods.map((path) => `/run/netns/keelson-${path.split('/').at(-1) ?? ''}`);
    const mounts = await mountsBelow(`${this.folder}/state`);
    for (const mount of [...mounts, ...pins]) await command('umount', ['-l', mount]);
    for (const pin of pins) await rm(pin, { force: true });
    await rm(`${this.folder}/state`, { recursive: true, force: true });
  }

  /** Ends the runtime with a signal; containers stay. */
  async down(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process;
    if (child === undefined) return null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return ended;
  }

  /** One command, with its exit code, output, and optional input. */
  run(...args: readonly string[]): Promise<Outcome> {
    return this.runWith('', ...args);
  }

  runWith(input: string, ...args: readonly string[]): Promise<Outcome> {
    return new Promise((resolve) => {
      const argv = ['--', main, '--socket', this.socket, ...args];
      const options = { timeout: 90_000, maxBuffer: 64 * 1024 * 1024 };
      const child = execFile(process.execPath, argv, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      });
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
  }

  /** What a container leaves when it is not cleaned up: nothing, here, as names. */
  async leftovers(): Promise<string[]> {
    const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
      .split('\n')
      .filter((line) => line.includes(this.folder));
    const folders = [
      'root/containers',
      'root/pods',
      'root/images/snapshots',
      'root/tmp',
      'root/volumes',
    ];
    const files = await Promise.all(folders.map((path) => names(`${this.folder}/${path}`)));
    const pods = await names(`${this.folder}/state/pods`);
    return [...mounts, ...files.flat(), ...pods, ...(await this.#cgroups())];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run('rm', '--all', '--force');
    await this.down('SIGTERM');
    await this.#removeCgroupParents();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #cgroups(): Promise<string[]> {
    const entries = await names(`${await cgroupRoot()}/${this.name}`, true);
    return entries.map((name) => `cgroup ${name}`);
  }

  /** The parents that the runtime was given: an operator's to remove, here the test's. */
  async #removeCgroupParents(): Promise<void> {
    const root = await cgroupRoot();
    for (const name of [this.name, `${this.name.replaceAll('-', '_')}.slice`]) {
      await rmdir(`${root}/${name}`).catch(() => undefined);
    }
  }

  async #makeImage(): Promise<void> {
    const root = `${this.folder}/rootfs`;
    for (const name of ['bin', 'etc', 'tmp', 'dev', 'proc', 'sys', 'root']) {
      await mkdir(`${root}/${name}`, { recursive: true });
    }
    await cp('/bin/busybox', `${root}/bin/busybox`);
    await chmod(`${root}/tmp`, 0o1777);
    for (const name of applets) await symlink('busybox', `${root}/bin/${name}`);
    const users = 'root:x:0:0:root:/root:/bin/sh\nworker:x:1000:1001::/home/worker:/bin/sh\n';
    await writeFile(`${root}/etc/passwd`, users);
    await writeFile(`${root}/etc/group`, 'root:x:0:\nworker:x:1001:\nextra:x:1002:worker\n');
    const archive = `${this.folder}/rootfs.tar`;
    await command('tar', ['-C', root, '-cf', archive, '.']);
    const { code, stderr } = await this.run('import', '--change', 'CMD ["sh"]', archive, 'busybox');
    if (code !== 0) throw new Error(`import: ${stderr}`);
  }
}

/** What a killed test leaves of a folder's runtime: supervisors, cgroups, mounts, the folder. */
const removal = `
  [ -d "$1" ] || exit 0
  sleep 1
  for pod in "$1"/state/pods/*; do
    [ -d "$pod" ] || continue
    pkill -KILL -f "shim \${pod##*/}"
    umount -l "/run/netns/keelson-\${pod##*/}" && rm "/run/netns/keelson-\${pod##*/}"
  done
  group=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)/$2
  if [ -d "$group" ]; then
    echo 1 >"$group/cgroup.kill"
    sleep 1
    find "$group" -depth -type d -exec rmdir {} \\;
  fi
  awk -v at="$1/" 'index($5, at) == 1 { print $5 }' /proc/self/mountinfo | tac |
    while read -r place; do umount -l "$place"; done
  rm -rf "$1"`;

const applets = (
  'cat chmod chown cut date dd echo env false grep head hostname id ip kill ln ls mkdir mount mv ' +
  'printf ps pwd readlink rm seq sh sleep sort stat stty tail tar test touch tr true tty wc yes'
).split(' ');

async function cgroupRoot(): Promise<string> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const line = lines.find((text) => text.includes(' - cgroup2 '));
  return line?.split(' ')[4] ?? '/sys/fs/cgroup';
}

function command(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(error);
    });
  });
}

/** The processes of a pod's shim, found by their command line: ours alone, by the pod's id. */
async function shimOf(podId: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, index) => lines[index]?.includes(podId)).map(Number);
}

async function mountsBelow(path: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return lines.flatMap((line) => {
    const place = line.split(' ')[4] ?? '';
    return place.startsWith(path) ? [place] : [];
  });
}

async function names(path: string, foldersOnly = false): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter((entry) => !foldersOnly || entry.isDirectory())
      .map(({ name }) => `${path}/${name}`);
  } catch {
    return [];
  }
}
