import t from 'tap';
import { openFolder, threadId } from '../../../src/index.ts';
import { inWorker } from './in-worker.ts';

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
