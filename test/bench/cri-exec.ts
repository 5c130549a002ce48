import { RuntimeService } from '../../src/cri/generated/runtime.ts';
import type { Bench, Side } from './bench.ts';
import type { Daemon } from './cri/daemon.ts';
import { runContainer, runPod } from './cri/life.ts';
import { startRuntimes } from './cri/runtimes.ts';

const perRound = 10;

const bench: Bench = {
  question: 'ExecSync of /bin/true, against containerd',
  prepare: async () => {
    const runtimes = await startRuntimes();
    const [ours, peer] = await Promise.all([runtimes.ours, runtimes.peer].map(side));
    if (ours === undefined || peer === undefined) throw new Error('a side is missing');
    return {
      cases: [{ case: '', unit: 'ms', rounds: 8, ours, peers: [peer] }],
      [Symbol.asyncDispose]: () => runtimes[Symbol.asyncDispose](),
    };
  },
};

export default bench;

async function side(daemon: Daemon): Promise<Side> {
  const container_id = await runContainer(daemon, await runPod(daemon));
  const request = { container_id, cmd: ['/bin/true'], timeout: 10 };
  return {
    name: daemon.name,
    run: async () => {
      const samples: number[] = [];
      while (samples.length < perRound) {
        const start = performance.now();
        const { exit_code } = await daemon.client.call(RuntimeService.ExecSync, request);
        samples.push(performance.now() - start);
        if (exit_code !== 0) throw new Error(`/bin/true exited with ${exit_code}`);
      }
      return samples;
    },
  };
}
