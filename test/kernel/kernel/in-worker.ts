import { Worker } from 'node:worker_threads';

const index = new URL('../../../src/index.ts', import.meta.url).href;

/**
 * Runs the source of a function of the toolkit in a worker thread and answers what it returns: for
 * calls that change the calling thread for good.
 */
export async function inWorker(script: string): Promise<unknown> {
  const worker = new Worker(
    `import(${JSON.stringify(index)}).then((keelson) => {
       require('node:worker_threads').parentPort.postMessage((${script})(keelson));
     })`,
    { eval: true },
  );
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
