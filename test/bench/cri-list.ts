import { RuntimeService } from '../../src/cri/generated/runtime.ts';
import type { Bench, BenchCase, Side } from './bench.ts';
import type { Daemon } from './cri/daemon.ts';
import { containerConfig, runPod } from './cri/life.ts';
import { startRuntimes } from './cri/runtimes.ts';
import { quantile } from './quantile.ts';

const containers = 500;
const perPod = 5;
const perRound = 200;

/** Created ones, which a list shows like others; each sample is the p99 of its round. */
const bench: Bench = {
  question: 'ListContainers and ListPodSandbox at 500 containers in 100 pods, p99',
  prepare: async () => {
    const runtimes = await startRuntimes();
    await fill(runtimes.ours);
    await fill(runtimes.peer);
    const cases = (['ListContainers', 'ListPodSandbox'] as const).map((method): BenchCase => ({
      case: method === 'ListContainers' ? 'containers' : 'pods',
      unit: 'ms',
      rounds: 7,
      ours: side(runtimes.ours, method),
      peers: [side(runtimes.peer, method)],
    }));
    return { cases, [Symbol.asyncDispose]: () => runtimes[Symbol.asyncDispose]() };
  },
};

export default bench;

async function fill(daemon: Daemon): Promise<void> {
  for (let made = 0; made < containers; made += perPod) {
    const pod = await runPod(daemon, 'host');
    for (let index = 0; index < perPod; index += 1) {
      const config = containerConfig();
      await daemon.client.call(RuntimeService.CreateContainer, {
        pod_sandbox_id: pod.id,
        config: { ...config, metadata: { name: `c${index}`, attempt: 0 } },
        sandbox_config: pod.config,
      });
    }
  }
}

function side({ client, name }: Daemon, method: 'ListContainers' | 'ListPodSandbox'): Side {
  const list = (): Promise<number> =>
    method === 'ListContainers'
      ? client.time(RuntimeService.ListContainers)
      : client.time(RuntimeService.ListPodSandbox);
  return {
    name,
    run: async () => {
      const samples: number[] = [];
      while (samples.length < perRound) samples.push(await list());
      return [quantile(samples, 0.99)];
    },
  };
}
