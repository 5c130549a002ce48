import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { pinNewNetwork, unpinNamespace } from '../../src/index.ts';
import type { Bench, Side } from './bench.ts';

const samplesARound = 20;

/** Creating and pinning alone is timed; the kernel tears the old one down in a pause in between. */
function side(name: string, path: string, create: () => Promise<void> | void): Side {
  return {
    name,
    async run() {
      const samples: number[] = [];
      for (let i = 0; i < samplesARound; i++) {
        const start = performance.now();
        await create();
        samples.push(performance.now() - start);
        unpinNamespace(path);
        await setTimeout(10);
      }
      return samples;
    },
  };
}

const bench: Bench = {
  question: 'How long does it take to create a network namespace and pin it to a file?',
  prepare() {
    const folder = mkdtempSync('/tmp/keelson-bench-');
    const path = `${folder}/net`;
    const unshare = () => {
      writeFileSync(path, '');
      spawnSync('unshare', [`--net=${path}`, 'true']);
    };
    return Promise.resolve({
      cases: [
        {
          case: 'create-and-pin',
          unit: 'ms',
          ours: side('keelson', path, () => pinNewNetwork(path)),
          peers: [side('unshare --net=FILE', path, unshare)],
          rounds: 5,
        },
      ],
      [Symbol.asyncDispose]: () => Promise.resolve(rmSync(folder, { recursive: true })),
    });
  },
};

export default bench;
