import { RuntimeService } from '../../src/cri/generated/runtime.ts';
import type { Bench, Side } from './bench.ts';
import type { Daemon } from './cri/daemon.ts';
import { type BenchPod, containerConfig, runPod } from './cri/life.ts';
import { startRuntimes } from './cri/runtimes.ts';

const perRound = 5;

const bench: Bench = {
  question: 'CreateContainer and StartContainer in a pod, against containerd',
  prepare: async () => {
    const runtimes = await startRuntimes();
    const ours = side(runtimes.ours, await runPod(runtimes.ours));
    const peer = side(runtimes.peer, await runPod(runtimes.peer));
    return {
      cases: [{ case: '', unit: 'ms', rounds: 8, ours, peers: [peer] }],
      [Symbol.asyncDispose]: () => runtimes[Symbol.asyncDispose](),
    };
  },
};

export default bench;

function side({ client, name }: Daemon, pod: BenchPod): Side {
  return {
    name,
    run: async () => {
      const samples: number[] = [];
      while (samples.length < perRound) {
        const start = performance.now();
        const { container_id } = await client.call(RuntimeService.CreateContainer, {
          pod_sandbox_id: pod.id,
          config: containerConfig(),
          sandbox_config: pod.config,
        });
        await client.call(RuntimeService.StartContainer, { container_id });
        samples.push(performance.now() - start);
        await client.call(RuntimeService.RemoveContainer, { container_id });
      }
      return samples;
    },
  };
}
