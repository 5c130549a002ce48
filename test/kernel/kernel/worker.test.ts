import { Worker } from 'node:worker_threads';
import t from 'tap';
import { openFolder, threadId } from '../../../src/index.ts';

const index = new URL('../../../src/index.ts', import.meta.url).href;

/** Runs a script in a worker thread; its last expression is the answer. */
async function inWorker(script: string): Promise<unknown> {
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

t.test('the addon works in several worker threads at once', async (t) => {
  const ids = await Promise.all([1, 2, 3].map(() => inWorker('(k) => k.threadId()')));
  t.equal(new Set([...ids, threadId()]).size, 4, 'each on a thread of its own');
});

t.test("an error in a worker is the worker's own KernelError", async (t) => {
  const answer = await inWorker(`(k) => {
    try { k.openat2(-100, '/nowhere'); } catch (error) {
      return [error instanceof k.KernelError, error.code];
    }
  }`);
  t.same(answer, [true, 'ENOENT']);
});

t.test('the addon stays loaded when a worker ends', async (t) => {
  await inWorker('(k) => k.openFolder("/").close()');
  openFolder('/').close();
  t.pass('still usable');
});
