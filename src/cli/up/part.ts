import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hasCode, isKernelError } from '../../base/error.ts';
import { flock } from '../../kernel/file.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** One of the processes that `keelson up` keeps running. */
export interface Part {
  /** The command that is it: `keelson NAME`. */
  readonly name: 'runtime' | 'coordinator' | 'network' | 'kubelet' | 'node';
  readonly flags: readonly string[];
  /** Where it locks its state folder, and says its process; the first of them where it has more. */
  readonly lockPath: string;
}

/** A command of ours as `bin/keelson` starts it, by the same Node with the same options. */
export function commandOf(name: string, flags: readonly string[]): readonly string[] {
  const options = process.execArgv.filter((option) => option !== '--');
  const own = ['coordinator', 'ingress'].includes(name) ? ['--max-semi-space-size=4'] : [];
  return [process.execPath, ...options, ...own, '--', main, name, ...flags];
}

/**
 * The process that has the lock; undefined when nobody has. It is the part whoever started it: a
 * supervisor that was killed, a service of its own, a person.
 */
export function holderOf(lockPath: string): number | undefined {
  const fd = openLock(lockPath);
  if (fd === undefined) return undefined;
  try {
    flock(fd, 'exclusive');
    return undefined;
  } catch (error) {
    if (!isKernelError(error, 'EAGAIN', 'EWOULDBLOCK')) throw error;
    const pid = Number(readFileSync(lockPath, 'utf8').trim());
    return pid > 0 ? pid : undefined;
  } finally {
    closeSync(fd);
  }
}

function openLock(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
