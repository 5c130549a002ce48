import { RuntimeService } from '../../src/cri/generated/runtime.ts';
import type { Bench, Side } from './bench.ts';
import type { Daemon } from './cri/daemon.ts';
import { podConfig, removePod } from './cri/life.ts';
import { startRuntimes } from './cri/runtimes.ts';

const perRound = 5;

const bench: Bench = {
  question: 'RunPodSandbox on a bridge network, against containerd',
  prepare: async () => {
    const runtimes = await startRuntimes();
    const { ours, peer } = runtimes;
    return {
      cases: [{ case: '', unit: 'ms', rounds: 8, ours: side(ours), peers: [side(peer)] }],
      [Symbol.asyncDispose]: () => runtimes[Symbol.asyncDispose](),
    };
  },
};

export default bench;

function side(daemon: Daemon): Side {
  const { client, name } = daemon;
  return {
    name,
    run: async () => {
      const samples: number[] = [];
      while (samples.length < perRound) {
        const config = podConfig();
        const start = performance.now();
        const { pod_sandbox_id } = await client.call(RuntimeService.RunPodSandbox, { config });
        samples.push(performance.now() - start);
        await removePod(daemon, { id: pod_sandbox_id, config });
      }
      return samples;
    },
  };
}
