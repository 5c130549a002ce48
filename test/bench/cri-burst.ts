import type { Bench, Side } from './bench.ts';
import type { Daemon } from './cri/daemon.ts';
import { type BenchPod, removePod, runContainer, runPod } from './cri/life.ts';
import { startRuntimes } from './cri/runtimes.ts';

const pods = 100;
const concurrency = 10;

const bench: Bench = {
  question: '100 pods with a container created at concurrency 10, then deleted: the time of all',
  prepare: async () => {
    const runtimes = await startRuntimes();
    const { ours, peer } = runtimes;
    return {
      cases: [{ case: '', unit: 's', rounds: 3, ours: side(ours), peers: [side(peer)] }],
      [Symbol.asyncDispose]: () => runtimes[Symbol.asyncDispose](),
    };
  },
};

export default bench;

function side(daemon: Daemon): Side {
  return {
    name: daemon.name,
    run: async () => {
      const start = performance.now();
      const made: BenchPod[] = [];
      await atOnce(Array.from({ length: pods }), async () => {
        const pod = await runPod(daemon);
        made.push(pod);
        await runContainer(daemon, pod);
      });
      await atOnce(made, (pod) => removePod(daemon, pod));
      return [(performance.now() - start) / 1000];
    },
  };
}

async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    while (queue.length > 0) await work(queue.shift() as T);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
