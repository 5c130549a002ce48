import { readFileSync } from 'node:fs';
import { hasCode } from '../base/error.ts';
import type { CgroupFolder } from './folder.ts';
import { lines } from './interface-file.ts';

/** What kernels before 4.15, which do not tell, let a delegatee write. */
const oldKernelFiles = ['cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads'];

export function delegateCgroup(
  folder: CgroupFolder,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): void {
  for (const file of delegatedFiles()) {
    try {
      folder.chown(file, uid, gid);
    } catch (error) {
      // The list names files of controllers that this cgroup may not have.
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
  // Last: with the folder comes the right to make children.
  folder.chown('.', uid, gid);
}

function delegatedFiles(): string[] {
  try {
    return lines(readFileSync('/sys/kernel/cgroup/delegate', 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return oldKernelFiles;
    throw error;
  }
}
