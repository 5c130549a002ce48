import { isKernelError } from '../../../base/error.ts';
import { fchmodat, mkdirat, RenameFlag, renameat2 } from '../../../kernel/file.ts';
import { fstat } from '../../../kernel/stat.ts';
import { findBeneath, openBeneath } from '../tree/folder.ts';
import { give } from '../tree/give-group.ts';
import { ensureMemoryFolder } from '../tree/memory-folder.ts';
import { removeTree } from '../tree/remove-tree.ts';

export interface EmptyFolder {
  readonly name: string;
  readonly gid: number | undefined;
  /** In memory, with a bound in bytes; 0 for the kernel's own. Undefined for one on disk. */
  readonly memoryBytes: number | undefined;
}

/** Makes an emptyDir in an open folder, whole or not at all. What is there stays. */
export async function ensureEmptyFolder(at: number, options: EmptyFolder): Promise<void> {
  const { name, gid, memoryBytes } = options;
  if (memoryBytes !== undefined) {
    ensureMemoryFolder(at, {
      name,
      mode: gid === undefined ? 0o777 : 0o2777,
      ...(gid !== undefined && { gid }),
      ...(memoryBytes > 0 && { sizeBytes: memoryBytes }),
    });
    return;
  }
  using there = findBeneath(at, name);
  if (there !== undefined) return;
  // No volume has a name like this one: they begin with a letter or a digit.
  const coming = `.${name}`;
  await removeTree(at, coming);
  mkdirat(at, coming, 0o777);
  {
    using made = openBeneath(at, coming);
    fchmodat(made.fd, '', 0o777);
    if (gid !== undefined) give(made.fd, fstat(made.fd), gid);
  }
  try {
    renameat2({ at, path: coming }, { at, path: name }, RenameFlag.noReplace);
  } catch (error) {
    if (!isKernelError(error, 'EEXIST')) throw error;
  }
}
