import { PrivateContainerd } from '../e2e/kubelet/private-containerd.ts';
import type { Bench, BenchCase, Side } from './bench.ts';
import { BenchNode } from './kubelet/bench-node.ts';
import { quantile } from './quantile.ts';

const perRound = 20;

const bench: Bench = {
  question: 'binding of a pod until it is Running and Ready, our kubelet over each runtime',
  prepare: async () => {
    await using stack = new AsyncDisposableStack();
    const bench = stack.use(await BenchNode.start());
    const { node } = bench;
    const containerd = await PrivateContainerd.start(node.runtime);
    node.beforeEnd(() => containerd[Symbol.asyncDispose]());
    const side = (name: string, socket: string, share: number): Side => ({
      name,
      run: async () => {
        if (node.socket !== socket) await change(bench, socket);
        const samples = await round(bench);
        return share === 0.5 ? samples : [quantile(samples, share)];
      },
    });
    const caseOf = (name: string, share: number): BenchCase => ({
      case: name,
      unit: 'ms',
      rounds: 3,
      ours: side('keelson', node.runtime.socket, share),
      peers: [side('the same over containerd', containerd.socket, share)],
    });
    const cases = [caseOf('p50', 0.5), caseOf('p99', 0.99)];
    const owned = stack.move();
    return { cases, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  },
};

export default bench;

async function change({ node }: BenchNode, socket: string): Promise<void> {
  await node.down();
  node.socket = socket;
  await node.up();
}

async function round(bench: BenchNode): Promise<number[]> {
  const samples: number[] = [];
  const names = await bench.createUnbound(perRound);
  for (const name of names) {
    const start = performance.now();
    await bench.bind(name);
    samples.push(performance.now() - start);
  }
  await bench.remove(names);
  return samples;
}
