import { isKernelError } from '../../base/error.ts';
import { rmdirat, unlinkat } from '../../kernel/file.ts';
import { listNames } from '../../kernel/folder.ts';
import { OpenFlag, openat2, ResolveFlag } from '../../kernel/open.ts';
import { toNameBytes } from './tar-entry.ts';

/**
 * Removes what a single name in a folder stands for, with all beneath it, by descriptors alone: a
 * link is removed, never followed, and mounts are not entered. Equivalent: `rm -rf`. Succeeds when
 * it is gone already.
 */
export function removeTree(at: number, name: string | Buffer): void {
  try {
    unlinkat(at, name);
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return;
    // Linux answers EISDIR; POSIX, and some file systems, EPERM.
    if (!isKernelError(error, 'EISDIR', 'EPERM')) throw error;
    emptyFolder(at, name);
    rmdirat(at, name);
  }
}

function emptyFolder(at: number, name: string | Buffer): void {
  using folder = openat2(at, name, {
    flags: OpenFlag.directory | OpenFlag.noFollow,
    resolve: ResolveFlag.beneath | ResolveFlag.noSymlinks | ResolveFlag.noMounts,
  });
  for (const entry of listNames(folder.fd)) removeTree(folder.fd, toNameBytes(entry));
}
