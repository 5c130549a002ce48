import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, BenchCase } from './bench.ts';
import { pullWithContainerd } from './image-pull/containerd.ts';
import { makeImage } from './image-pull/make-image.ts';
import { pullWithKeelson, type Pulled } from './image-pull/keelson.ts';
import { startRegistry } from './image-pull/registry.ts';

const rounds = Number(process.env['KEELSON_BENCH_ROUNDS'] ?? 3);

/**
 * 1 GiB of this machine's own programs and texts in 8 layers, from a registry on the loopback
 * device into an empty store, and unpacked. Both sides keep the compressed layers as well. Each of
 * our pulls runs in a process of its own, whose start does not count; memory is the peak of all
 * that takes part (containerd and ctr; our process).
 */
const bench: Bench = {
  question: 'pull and unpack 1 GiB in 8 layers, against ctr image pull',
  async prepare() {
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), 'keelson-bench-'));
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const registry = stack.use(await startRegistry(join(folder, 'registry')));
    const names = await makeImage(join(folder, 'image'), registry.host);
    const cases = names.flatMap((image) => casesOf({ ...image, folder }));
    const owned = stack.move();
    return { cases, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  },
};

export default bench;

interface Subject {
  readonly compression: string;
  readonly name: string;
  readonly folder: string;
}

/** Time and memory come from the same pulls: the second case reads what the first has measured. */
function casesOf({ compression, name, folder }: Subject): BenchCase[] {
  const ours: Pulled[] = [];
  const theirs: Pulled[] = [];
  const pullOurs = (): Promise<Pulled> => pullWithKeelson(folder, name);
  return [
    {
      case: compression,
      unit: 'ms',
      rounds,
      ours: { name: 'keelson', run: async () => remember(ours, await pullOurs()) },
      peers: [
        {
          name: 'ctr image pull',
          run: async () => remember(theirs, await pullWithContainerd(folder, name)),
        },
      ],
    },
    {
      case: `${compression}-memory`,
      unit: 'MiB',
      rounds,
      ours: { name: 'keelson', run: () => Promise.resolve(nextPeak(ours)) },
      peers: [{ name: 'ctr image pull', run: () => Promise.resolve(nextPeak(theirs)) }],
    },
  ];
}

function remember(into: Pulled[], pulled: Pulled): number[] {
  into.push(pulled);
  return [pulled.ms];
}

function nextPeak(pulls: Pulled[]): number[] {
  const pulled = pulls.shift();
  return pulled === undefined ? [] : [pulled.peakMiB];
}
