import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { mortal } from '../../at-death.ts';
import { openRuntime } from '../../../src/kubelet/runtime/open-runtime.ts';
import type { PrivateRuntime } from '../private-runtime.ts';

/** Why there is none on this machine. */
export const withoutContainerd =
  (!existsSync('/usr/bin/containerd') && 'needs containerd') ||
  (!existsSync('/usr/lib/cni/bridge') && 'needs containernetworking-plugins');

const patienceMs = 60_000;

/** Debian's containerd beside our runtime, with its images and on its network. */
export class PrivateContainerd implements AsyncDisposable {
  readonly socket: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(folder: string) {
    this.#folder = folder;
    this.socket = `${folder}/containerd.sock`;
    const log = openSync(`${folder}/log`, 'a');
    const argv = ['--config', `${folder}/config.toml`, '--log-level', 'error'];
    this.#process = spawn('setpriv', mortal('containerd', ...argv), {
      stdio: ['ignore', log, log],
    });
  }

  static async start(runtime: PrivateRuntime): Promise<PrivateContainerd> {
    const folder = `${runtime.folder}/containerd`;
    mkdirSync(folder);
    writeFileSync(`${folder}/config.toml`, configuration(folder, `${runtime.folder}/net.d`));
    const rootfs = `${runtime.folder}/rootfs.tar`;
    const pause = ['import', '--change', 'CMD ["/bin/sleep", "1000000"]', rootfs, 'pause'];
    await succeed(runtime, ...pause);
    await succeed(runtime, 'save', '-o', `${folder}/images.tar`, 'busybox', 'pause');
    const containerd = new PrivateContainerd(folder);
    await containerd.#answers();
    const address = ['-a', containerd.socket, '-n', 'k8s.io'];
    execFileSync('ctr', [...address, 'image', 'import', `${folder}/images.tar`], {
      stdio: 'ignore',
    });
    return containerd;
  }

  async #answers(): Promise<void> {
    using runtime = openRuntime(this.socket);
    const deadline = Date.now() + patienceMs;
    for (;;) {
      try {
        await runtime.version();
        return;
      } catch (error) {
        const log = readFileSync(`${this.#folder}/log`, 'utf8');
        if (Date.now() > deadline) throw new Error(`containerd: ${log}`, { cause: error });
        await delay(50);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using runtime = openRuntime(this.socket);
    for (const { id } of await runtime.listPods()) {
      await runtime.stopPod(id);
      await runtime.removePod(id);
    }
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }
}

async function succeed(runtime: PrivateRuntime, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runtime.run(...args);
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
}

function configuration(folder: string, networks: string): string {
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
  address = "${folder}/containerd.sock"
[ttrpc]
  address = "${folder}/containerd.sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "${folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/library/pause:latest"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${networks}"
[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`;
}
