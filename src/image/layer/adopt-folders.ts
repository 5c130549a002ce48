import { fchmodSync, fchownSync } from 'node:fs';
import { isKernelError } from '../../base/error.ts';
import type { Descriptor } from '../../kernel/descriptor.ts';
import { utimensat } from '../../kernel/file.ts';
import { currentFolder, OpenFlag, openat2, openInRoot } from '../../kernel/open.ts';
import { fstat } from '../../kernel/stat.ts';
import { getXattr, listXattrs, setXattr } from '../../kernel/xattr.ts';
import { isCarriedXattr } from './overlay-xattr.ts';
import { toNameBytes } from './tar-entry.ts';

/**
 * Gives folders that a layer's archive left out (`UnpackResult.impliedFolders`) owner, mode, times
 * and attributes of the same folders in the layers beneath, topmost first: overlayfs shows those
 * of the topmost layer that has a folder, so it must not say something new. Call it when the lower
 * layers are unpacked.
 */
export function adoptFolders(
  folder: string,
  lowers: readonly string[],
  paths: readonly string[],
): void {
  if (paths.length === 0) return;
  using stack = new DisposableStack();
  const roots = lowers.map((lower) => stack.use(openRoot(lower)));
  const root = stack.use(openRoot(folder));
  for (const path of paths) {
    using target = openIfFolder(root.fd, path);
    if (target === undefined) continue;
    using source = findSource(roots, path);
    if (source !== undefined) copyAttributes(source.fd, target.fd);
  }
}

function openRoot(path: string): Descriptor {
  return openat2(currentFolder, path, { flags: OpenFlag.directory });
}

/** The topmost layer that has anything at the path decides, were it a file or a whiteout. */
function findSource(roots: readonly Descriptor[], path: string): Descriptor | undefined {
  for (const root of roots) {
    try {
      return openFolderAt(root.fd, path);
    } catch (error) {
      if (isKernelError(error, 'ENOTDIR', 'ELOOP')) return undefined;
      if (!isKernelError(error, 'ENOENT')) throw error;
    }
  }
  return undefined;
}

function openIfFolder(root: number, path: string): Descriptor | undefined {
  try {
    return openFolderAt(root, path);
  } catch (error) {
    if (isKernelError(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
}

function openFolderAt(root: number, path: string): Descriptor {
  const flags = OpenFlag.directory | OpenFlag.noFollow;
  return openInRoot(root, path === '' ? '.' : toNameBytes(path), { flags });
}

function copyAttributes(source: number, target: number): void {
  const status = fstat(source);
  fchownSync(target, status.uid, status.gid);
  fchmodSync(target, status.mode & 0o7777);
  for (const name of listXattrs(source).filter(isCarriedXattr)) {
    const value = getXattr(source, name);
    if (value !== undefined) setXattr(target, { name, value });
  }
  utimensat(target, '', { accessed: status.modified, modified: status.modified });
}
