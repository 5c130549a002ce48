/**
 * A reader of a book about Kubernetes at a machine with keelson: a shell whose `keelson` and
 * `crictl` speak to a runtime of the test's own. Commands stand here as the book prints them.
 */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrivateRuntime, type RuntimeOptions } from '../private-runtime.ts';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

export interface Typed {
  readonly code: number;
  /** Both streams, as a terminal shows them. */
  readonly output: string;
}

export class Reader implements AsyncDisposable {
  readonly runtime: PrivateRuntime;
  readonly #prefix: readonly string[];

  private constructor(runtime: PrivateRuntime, prefix: readonly string[]) {
    this.runtime = runtime;
    this.#prefix = prefix;
  }

  /** With `hostNetwork`, runtime and reader live in that named network namespace. */
  static async start(options: RuntimeOptions = {}, hostNetwork?: string): Promise<Reader> {
    // Not `ip netns exec`, which mounts a new /sys and so hides the cgroups.
    const join = ['nsenter', `--net=/run/netns/${hostNetwork ?? ''}`];
    const within =
      hostNetwork === undefined ? [] : [...join, 'unshare', '-m', '--propagation', 'slave'];
    const runtime = await PrivateRuntime.start({ ...options, within });
    // The shell sees the mounts that the runtime sees: what it pinned below /run/netns.
    const prefix = within.length === 0 ? [] : ['nsenter', '-t', `${runtime.pid}`, '-n', '-m'];
    const reader = new Reader(runtime, prefix);
    reader.#makeTools();
    return reader;
  }

  get folder(): string {
    return this.runtime.folder;
  }

  /** What the book's reader types, in bash; fails after five minutes. */
  type(script: string, input = ''): Promise<Typed> {
    const [program, ...args] = [...this.#prefix, 'bash', '-c', `exec 2>&1\n${script}`];
    const options = { timeout: 300_000, env: this.#environment(), maxBuffer: 16 * 1024 * 1024 };
    return new Promise((resolve) => {
      const child = execFile(program ?? 'bash', args, options, (error, output) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, output });
      });
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
    });
  }

  /** The output alone, without its last line end; throws where the commands fail. */
  async see(script: string): Promise<string> {
    const { code, output } = await this.type(`set -e -o pipefail\n${script}`);
    if (code !== 0) throw new Error(`${script}\nended with ${code}:\n${output}`);
    return output.trimEnd();
  }

  /** The same at a terminal, where the lines are typed one after the other. */
  async atTerminal(command: string, lines: readonly string[]): Promise<string> {
    const quoted = command.replaceAll("'", String.raw`'\''`);
    const { output } = await this.type(
      `script -qec '${quoted}' /dev/null`,
      lines.map((line) => `${line}\n`).join(''),
    );
    return output.replaceAll('\r', '');
  }

  /** An image of busybox that looks like a distribution, with files of its own. */
  async makeImage(name: string, files: Readonly<Record<string, string>>): Promise<void> {
    const root = mkdtempSync('/tmp/keelson-book-');
    try {
      for (const folder of ['bin', 'etc', 'tmp', 'proc', 'sys', 'dev'])
        mkdirSync(join(root, folder));
      cpSync('/bin/busybox', join(root, 'bin/busybox'));
      execFileSync('chroot', [root, '/bin/busybox', '--install', '-s', '/bin']);
      writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), text);
        if (text.startsWith('#!')) chmodSync(join(root, path), 0o755);
      }
      const archive = join(this.folder, 'made.tar');
      execFileSync('tar', ['-C', root, '-cf', archive, '.']);
      await this.see(`keelson import -c 'CMD ["/bin/sh"]' ${archive} ${name}`);
    } finally {
      rmSync(root, { recursive: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.type('crictl rmp -a -f >/dev/null 2>&1');
    await this.runtime[Symbol.asyncDispose]();
  }

  #environment(): NodeJS.ProcessEnv {
    const path = [join(this.folder, 'tools'), ...crictlFolder(), process.env['PATH'] ?? ''];
    const configuration = join(this.folder, 'crictl.yaml');
    return {
      ...process.env,
      PATH: path.join(delimiter),
      CRI_CONFIG_FILE: configuration,
      LANG: 'C',
    };
  }

  #makeTools(): void {
    mkdirSync(join(this.folder, 'tools'));
    const command = `exec ${process.execPath} ${main} --socket ${this.runtime.socket} "$@"`;
    writeFileSync(join(this.folder, 'tools/keelson'), `#!/bin/sh\n${command}\n`, { mode: 0o755 });
    const endpoint = `unix://${this.runtime.socket}`;
    writeFileSync(
      join(this.folder, 'crictl.yaml'),
      `runtime-endpoint: ${endpoint}\nimage-endpoint: ${endpoint}\ntimeout: 30\n`,
    );
  }
}

/** Debian has no crictl: it is taken from where CRICTL says, or from the path. */
function crictlFolder(): string[] {
  const path = process.env['CRICTL'];
  return path === undefined ? [] : [dirname(path)];
}

/** Why a walkthrough cannot be gone here; undefined when it can. */
export function missing(...programs: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const path = [...crictlFolder(), process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(delimiter);
  const absent = programs.filter((program) => {
    try {
      execFileSync('which', [program], { env: { PATH: path }, stdio: 'ignore' });
      return false;
    } catch {
      return true;
    }
  });
  return absent.length === 0 ? undefined : `needs ${absent.join(', ')}`;
}
