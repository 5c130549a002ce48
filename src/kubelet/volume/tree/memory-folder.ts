import { isKernelError } from '../../../base/error.ts';
import { mkdirat } from '../../../kernel/file.ts';
import { FileSystemContext } from '../../../kernel/file-system-context.ts';
import { MountAttribute, moveMount } from '../../../kernel/mount-tree.ts';
import { OpenFlag, openat2, ResolveFlag } from '../../../kernel/open.ts';
import { fstat } from '../../../kernel/stat.ts';

export interface MemoryFolder {
  readonly name: string;
  readonly mode: number;
  readonly gid?: number;
  /** Undefined for half of the memory, as the kernel has it. */
  readonly sizeBytes?: number;
}

/**
 * A folder in memory: a tmpfs on a folder of that name, attached when it is as it shall be, so that
 * a kill leaves an empty folder or the whole. Never swapped out where the kernel can (Linux 6.4).
 * Does nothing when it is there.
 */
export function ensureMemoryFolder(at: number, { name, mode, gid, sizeBytes }: MemoryFolder): void {
  try {
    mkdirat(at, name, 0o755);
  } catch (error) {
    if (!isKernelError(error, 'EEXIST')) throw error;
    if (isMountPoint(at, name)) return;
  }
  using context = FileSystemContext.open('tmpfs');
  context.setString('source', 'tmpfs').setString('mode', mode.toString(8));
  if (gid !== undefined) context.setString('gid', String(gid));
  if (sizeBytes !== undefined) context.setString('size', String(sizeBytes));
  try {
    context.setFlag('noswap');
  } catch (error) {
    if (!isKernelError(error, 'EINVAL')) throw error;
  }
  context.create();
  using detached = context.mount(MountAttribute.noSuid | MountAttribute.noDev);
  moveMount({ at: detached.fd, path: '' }, { at, path: name });
}

/** Whether something is mounted on a name in a folder. */
export function isMountPoint(at: number, name: string): boolean {
  using folder = openat2(at, name, {
    flags: OpenFlag.path | OpenFlag.noFollow,
    resolve: ResolveFlag.beneath | ResolveFlag.noSymlinks,
  });
  return fstat(folder.fd).mountRoot;
}
