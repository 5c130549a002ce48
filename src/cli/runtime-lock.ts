import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { DomainError, isKernelError } from '../base/error.ts';
import { flock } from '../kernel/file.ts';

/**
 * Holds the state folder for one process of its kind as long as it is not disposed of; the kernel
 * lets go when the process ends, however it ends. The file says the process's id. Throws
 * DomainError `conflict`.
 */
export function lockRuntime(stateFolder: string, what = 'runtime'): Disposable {
  const path = `${stateFolder}/${what}.lock`;
  const fd = openSync(path, 'a+', 0o600);
  try {
    flock(fd, 'exclusive');
  } catch (error) {
    closeSync(fd);
    if (!isKernelError(error, 'EAGAIN', 'EWOULDBLOCK')) throw error;
    const pid = readFileSync(path, 'utf8').trim();
    const name = `${what.slice(0, 1).toUpperCase()}${what.slice(1)}`;
    throw new DomainError('conflict', `${name} ${pid} runs already on "${stateFolder}"`);
  }
  ftruncateSync(fd);
  writeSync(fd, `${process.pid}\n`);
  return { [Symbol.dispose]: () => closeSync(fd) };
}
