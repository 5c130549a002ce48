import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ContainerState, RuntimeService } from '../../src/cri/generated/runtime.ts';
import type { Bench, Side } from './bench.ts';
import type { Daemon } from './cri/daemon.ts';
import { type BenchPod, containerConfig, podConfig } from './cri/life.ts';
import { startRuntimes } from './cri/runtimes.ts';

const mebibyte = 1024 * 1024;
const blockBytes = 16 * mebibyte;
const blocks = 16;

const bench: Bench = {
  question: 'a container prints 256 MiB in lines of 1 KiB, on a tmpfs; until its log has it',
  prepare: async () => {
    const runtimes = await startRuntimes();
    const folder = mkdtempSync('/dev/shm/keelson-log-');
    writeFileSync(`${folder}/block`, `${'x'.repeat(1023)}\n`.repeat(blockBytes / 1024));
    const ours = await side(runtimes.ours, folder);
    const peer = await side(runtimes.peer, folder);
    return {
      cases: [{ case: '', unit: 'ms', rounds: 4, ours, peers: [peer] }],
      [Symbol.asyncDispose]: async () => {
        await runtimes[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true });
      },
    };
  },
};

export default bench;

async function side(daemon: Daemon, folder: string): Promise<Side> {
  const config = { ...podConfig('host'), log_directory: folder };
  const { pod_sandbox_id } = await daemon.client.call(RuntimeService.RunPodSandbox, { config });
  const pod = { id: pod_sandbox_id, config };
  return { name: daemon.name, run: async () => [await printOnce(daemon, pod, folder)] };
}

/** Milliseconds that the program ran: it ends when the last of its lines is taken from it. */
async function printOnce({ client }: Daemon, pod: BenchPod, folder: string): Promise<number> {
  const words = Array.from({ length: blocks }, () => '/tmp/block');
  const { container_id } = await client.call(RuntimeService.CreateContainer, {
    pod_sandbox_id: pod.id,
    config: {
      ...containerConfig(['/bin/busybox', 'cat', ...words]),
      log_path: 'log',
      mounts: [{ host_path: folder, container_path: '/tmp' }],
    },
    sandbox_config: pod.config,
  });
  await client.call(RuntimeService.StartContainer, { container_id });
  for (;;) {
    const { status } = await client.call(RuntimeService.ContainerStatus, { container_id });
    if (status?.state === ContainerState.CONTAINER_EXITED) {
      const { started_at, finished_at } = status;
      await wholeLog(`${folder}/log`);
      await client.call(RuntimeService.RemoveContainer, { container_id });
      rmSync(`${folder}/log`);
      return (finished_at - started_at) / 1e6;
    }
    await delay(20);
  }
}

async function wholeLog(path: string): Promise<void> {
  while (statSync(path).size < blocks * blockBytes) await delay(20);
}
