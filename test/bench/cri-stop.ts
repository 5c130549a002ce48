import { RuntimeService } from '../../src/cri/generated/runtime.ts';
import type { Bench, Side } from './bench.ts';
import type { Daemon } from './cri/daemon.ts';
import { runContainer, runPod } from './cri/life.ts';
import { startRuntimes } from './cri/runtimes.ts';

const perRound = 3;
/** Ends at once when it is asked to. */
const willing = ['/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done'];

const bench: Bench = {
  question: 'StopContainer of a willing process, StopPodSandbox, RemovePodSandbox',
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
        const pod = await runPod(daemon);
        const container_id = await runContainer(daemon, pod, willing);
        // The shell has set its trap when its child is there.
        await client.call(RuntimeService.ExecSync, { container_id, cmd: ['/bin/true'] });
        const pod_sandbox_id = pod.id;
        samples.push(
          (await client.time(RuntimeService.StopContainer, { container_id, timeout: 30 })) +
            (await client.time(RuntimeService.StopPodSandbox, { pod_sandbox_id })) +
            (await client.time(RuntimeService.RemovePodSandbox, { pod_sandbox_id })),
        );
      }
      return samples;
    },
  };
}
