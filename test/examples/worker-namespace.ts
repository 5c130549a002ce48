/**
 * The raw calls, in a worker thread of one's own: a mount namespace that this thread alone has.
 * The main thread, and Node's asynchronous file calls everywhere, still see the host's mounts.
 *
 *     $ sudo node test/examples/worker-namespace.ts
 *     in the worker: secret
 *     on the main thread: nothing
 *     why not a user namespace: unshare: EINVAL
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { CloneFlag, isKernelError, mount, setPropagation, unshare } from '../../src/index.ts';

if (isMainThread) {
  const folder = mkdtempSync('/tmp/keelson-example-');
  const worker = new Worker(new URL(import.meta.url), { workerData: folder });
  const [seen] = (await once(worker, 'message')) as [string];
  console.log(`in the worker: ${seen}`);
  console.log(`on the main thread: ${readdirSync(folder).join() || 'nothing'}`);
  try {
    unshare(CloneFlag.user);
  } catch (error) {
    if (isKernelError(error)) console.log(`why not a user namespace: ${error.message}`);
  }
  rmSync(folder, { recursive: true });
} else {
  const folder = workerData as string;
  unshare(CloneFlag.mnt);
  setPropagation('/', 'private', { recursive: true });
  mount({ source: 'example', target: folder, fileSystem: 'tmpfs' });
  writeFileSync(`${folder}/secret`, '');
  parentPort?.postMessage(readdirSync(folder).join());
}
