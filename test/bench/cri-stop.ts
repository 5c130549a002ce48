import { RuntimeService } from '../../src/cri/generated/runtime.ts';
import type { Bench, Side } from './bench.ts';
import type { Daemon } from './cri/daemon.ts';
import { runContainer, runPod } from './cri/life.ts';
import { startRuntimes } from './cri/runtimes.ts';

const perRound = 3;
/** Ends at once when it is asked to, from the moment on at which the file is there. */
const script = 'trap "exit 0" TERM; echo > /tmp/ready; while :; do sleep 1000 & wait; done';
const willing = ['/bin/sh', '-c', script];
const untilReady = ['/bin/sh', '-c', 'until [ -e /tmp/ready ]; do sleep 0.01; done'];

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
        await client.call(RuntimeService.ExecSync, { container_id, cmd: untilReady });
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
