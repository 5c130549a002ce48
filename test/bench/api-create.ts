import { ApiLoad } from './api/load.ts';
import type { Bench } from './bench.ts';

/** What one round found, for the case that asks for its tail. */
let p99Ms = 0;

const bench: Bench = {
  question: 'How many creates of 1 KiB a second do 64 clients get over TLS, and in what time?',
  prepare: async () => {
    const load = await ApiLoad.start();
    const request = { what: 'create', seconds: 4, clients: 64 } as const;
    const run = async () => {
      const result = await load.run(request);
      p99Ms = result.p99Ms;
      return [result.perSecond];
    };
    const tail = async () => {
      await run();
      return [p99Ms];
    };
    return {
      cases: [
        { case: '', unit: 'creates/s', ours: { name: 'keelson', run }, peers: [], rounds: 3 },
        { case: 'p99', unit: 'ms', ours: { name: 'keelson', run: tail }, peers: [], rounds: 3 },
      ],
      [Symbol.asyncDispose]: () => load[Symbol.asyncDispose](),
    };
  },
};

export default bench;
