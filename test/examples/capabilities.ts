/**
 * The capability sets of a thread, changed for a worker thread alone.
 *
 *     $ sudo node test/examples/capabilities.ts
 *     before: chown works
 *     without CAP_CHOWN: EPERM
 *     the main thread still has it: true
 */
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmdirSync } from 'node:fs';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { capget, capset } from '../../src/index.ts';

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  worker.on('message', (line: string) => console.log(line));
  await once(worker, 'exit');
  console.log(`the main thread still has it: ${capget(0).effective.includes('CAP_CHOWN')}`);
} else {
  const folder = mkdtempSync('/tmp/keelson-example-');
  chownSync(folder, 1, 1);
  parentPort?.postMessage('before: chown works');
  const { effective } = capget(0);
  capset({ effective: effective.filter((name) => name !== 'CAP_CHOWN') });
  try {
    chownSync(folder, 2, 2);
  } catch (error) {
    parentPort?.postMessage(`without CAP_CHOWN: ${(error as NodeJS.ErrnoException).code}`);
  }
  rmdirSync(folder);
}
