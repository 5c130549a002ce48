import { isKernelError } from '../base/error.ts';
import { openIn } from './inside.ts';
import { openNamespace } from './namespace.ts';
import { currentFolder, OpenFlag } from './open.ts';
import { fstat, statx } from './stat.ts';

let known: Promise<boolean> | undefined;

/**
 * Whether this process's root is another folder than its mount namespace's, by chroot(2): what
 * joins the namespace arrives at the namespace's. Looked up once.
 */
export function isChrooted(): Promise<boolean> {
  known ??= compareRoots();
  return known;
}

async function compareRoots(): Promise<boolean> {
  try {
    using mounts = openNamespace('/proc/self/ns/mnt', 'mnt');
    using root = await openIn(mounts, '/', { flags: OpenFlag.path });
    const there = fstat(root.fd);
    const here = statx(currentFolder, '/');
    return there.mountId !== here.mountId || there.inode !== here.inode;
  } catch (error) {
    // Who may not join a mount namespace makes no containers either.
    if (isKernelError(error)) return false;
    throw error;
  }
}
