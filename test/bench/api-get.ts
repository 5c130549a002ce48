import { ApiLoad } from './api/load.ts';
import type { Bench } from './bench.ts';

const bench: Bench = {
  question: 'How many gets of 1 KiB a second do 64 clients get over TLS?',
  prepare: async () => {
    const load = await ApiLoad.start();
    const request = { what: 'get', seconds: 4, clients: 64 } as const;
    const run = async () => [(await load.run(request)).perSecond];
    const ours = { name: 'keelson', run };
    return {
      cases: [{ case: '', unit: 'gets/s', ours, peers: [], rounds: 3 }],
      [Symbol.asyncDispose]: () => load[Symbol.asyncDispose](),
    };
  },
};

export default bench;
