import { isKernelError, messageOf } from '../../base/error.ts';

/** What a person is told of it: a missing program in words, all else as it was reported. */
export function startFailureMessage(error: unknown, program: string): string {
  const code = startFailureCode(error);
  if (code === 127) return `Program "${program}" not found in the container`;
  if (code === 126) return `Program "${program}" cannot be executed (${messageOf(error)})`;
  return messageOf(error);
}

/** Docker's exit code for a program that could not be started: 127 missing, 126 not executable. */
export function startFailureCode(error: unknown): number {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!isKernelError(cause) || !cause.call.startsWith('exec')) continue;
    if (cause.code === 'ENOENT') return 127;
    if (['EACCES', 'ENOEXEC', 'EPERM', 'EISDIR', 'ENOTDIR'].includes(cause.code)) return 126;
  }
  return 125;
}
