import { ApiLoad } from './api/load.ts';
import type { Bench } from './bench.ts';

const bench: Bench = {
  // Told to all; measured at every tenth, for the clients share the machine with the server.
  question: 'After how long do 1,000 watchers have each of 100 changes a second (p99)?',
  prepare: async () => {
    const load = await ApiLoad.start();
    const request = { what: 'watch', seconds: 5, clients: 1000 } as const;
    const run = async () => [(await load.run(request)).p99Ms];
    const ours = { name: 'keelson', run };
    return {
      cases: [{ case: '', unit: 'ms', ours, peers: [], rounds: 3 }],
      [Symbol.asyncDispose]: () => load[Symbol.asyncDispose](),
    };
  },
};

export default bench;
