import { isKernelError } from '../../base/error.ts';
import { FileType } from '../../kernel/file.ts';
import { MergedFolder, type MergedChild } from './merged-folder.ts';

/** One thing met on the way; its folder stays open until the next step. */
export interface Visit {
  /** Relative to the root, one character per byte. */
  readonly path: string;
  readonly name: string;
  readonly folder: MergedFolder;
  /** Undefined for a whiteout of the topmost layer. */
  readonly child: MergedChild | undefined;
}

/**
 * Everything in a merged tree, parents first, names sorted by their bytes. Whiteouts are visited as
 * such. What vanishes on the way is left out. With `only` the rest of the root is left out, too.
 */
export function* walk(root: MergedFolder, only?: string): Generator<Visit> {
  const names = only === undefined ? root.names() : [only];
  const stack = [{ folder: root, path: '', names, next: 0 }];
  try {
    for (let level = stack.at(-1); level !== undefined; level = stack.at(-1)) {
      const name = level.names[level.next];
      if (name === undefined) {
        stack.pop();
        if (stack.length > 0) level.folder[Symbol.dispose]();
        continue;
      }
      level.next += 1;
      const path = level.path === '' ? name : `${level.path}/${name}`;
      const child = level.folder.child(name);
      yield { path, name, folder: level.folder, child };
      if (child === undefined || (child.status.mode & FileType.mask) !== FileType.folder) continue;
      const folder = openIfThere(level.folder, child);
      if (folder !== undefined) stack.push({ folder, path, names: folder.names(), next: 0 });
    }
  } finally {
    for (const { folder } of stack.slice(1)) folder[Symbol.dispose]();
  }
}

function openIfThere(folder: MergedFolder, child: MergedChild): MergedFolder | undefined {
  try {
    return folder.openChild(child);
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
}
