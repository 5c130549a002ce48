import { parentPort, workerData } from 'node:worker_threads';
import { renameat2, RenameFlag } from '../../../../src/kernel/file.ts';
import { currentFolder } from '../../../../src/kernel/open.ts';

const { swapped, from, to } = workerData as {
  swapped: SharedArrayBuffer;
  from: string;
  to: string;
};
const counts = new Int32Array(swapped);
const places = [from, to].map((path) => ({ at: currentFolder, path })) as [Place, Place];

interface Place {
  at: number;
  path: string;
}

parentPort?.postMessage('ready');
while (Atomics.load(counts, 1) === 0) {
  renameat2(...places, RenameFlag.exchange);
  Atomics.add(counts, 0, 1);
}
