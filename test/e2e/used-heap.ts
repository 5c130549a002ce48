/**
 * Loaded into a runtime by a test (`--import`): at SIGUSR2 it collects its garbage and writes how
 * many bytes are in use after that, buffers included.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const path = process.env['KEELSON_TEST_HEAP'];
if (path !== undefined && isMainThread && process.argv.includes('runtime')) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('SIGUSR2', () => {
    // What the first has freed may hold something by a weak reference or a finalizer.
    collect();
    collect();
    const { heapUsed, external } = process.memoryUsage();
    writeFileSync(`${path}.new`, String(heapUsed + external));
    renameSync(`${path}.new`, path);
  });
}
