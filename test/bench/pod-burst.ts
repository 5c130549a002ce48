import type { Bench } from './bench.ts';
import { BenchNode } from './kubelet/bench-node.ts';

const pods = 100;

const bench: Bench = {
  question: `${pods} pods bound at once until all are ready`,
  prepare: async () => {
    const bench = await BenchNode.start();
    const ours = {
      name: 'keelson',
      run: async () => {
        const names = await bench.createUnbound(pods);
        const start = performance.now();
        await Promise.all(names.map((name) => bench.bind(name)));
        const seconds = (performance.now() - start) / 1000;
        await bench.remove(names);
        return [seconds];
      },
    };
    return {
      cases: [{ case: '', unit: 's', rounds: 3, ours, peers: [] }],
      [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
    };
  },
};

export default bench;
