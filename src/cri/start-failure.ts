import { isKernelError } from '../base/error.ts';

/** Docker's exit code for a program that could not be started: 127 missing, 126 not executable. */
export function startFailureCode(error: unknown): number {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!isKernelError(cause) || !cause.call.startsWith('exec')) continue;
    if (cause.code === 'ENOENT') return 127;
    if (['EACCES', 'ENOEXEC', 'EPERM', 'EISDIR', 'ENOTDIR'].includes(cause.code)) return 126;
  }
  return 125;
}
