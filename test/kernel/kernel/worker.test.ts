import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { openFolder, threadId } from '../../../src/index.ts';
import { inWorker } from './in-worker.ts';

const index = new URL('../../../src/index.ts', import.meta.url).href;

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

t.test('a worker may end while its throwaway threads run', async (t) => {
  for (let i = 0; i < 5; i++) {
    const worker = new Worker(
      `import(${JSON.stringify(index)}).then((k) => {
         for (let i = 0; i < 10; i++) k.createNamespace('net').catch(() => {});
         require('node:worker_threads').parentPort.postMessage('started');
       })`,
      { eval: true },
    );
    await once(worker, 'message');
    await worker.terminate();
  }
  t.pass('the process lives');
});
