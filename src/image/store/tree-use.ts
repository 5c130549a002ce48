import { setImmediate } from 'node:timers/promises';
import { isKernelError } from '../../base/error.ts';
import { Descriptor } from '../../kernel/descriptor.ts';
import { listNames } from '../../kernel/folder.ts';
import { currentFolder, OpenFlag, openat2, ResolveFlag } from '../../kernel/open.ts';
import { isFolder, statx, type FileStatus } from '../../kernel/stat.ts';
import { toNameBytes } from '../layer/tar-entry.ts';

export interface TreeUse {
  readonly bytes: number;
  readonly inodes: number;
}

// Each level keeps a descriptor open; a container can nest folders without end.
const deepest = 500;
/** After so many names the event loop gets its turn. */
const namesAtOnce = 500;

/**
 * What a tree takes on disk, as du(1) counts: allocated blocks, a file with several names once. A
 * container goes on writing while it is looked at: all is done by descriptors, links are not
 * followed, and what vanishes meanwhile counts nothing. What is nested deeper than 500 folders is
 * left out.
 */
export async function treeUse(root: string): Promise<TreeUse> {
  const top = openIfThere(currentFolder, root);
  if (top === undefined) return { bytes: 0, inodes: 0 };
  // A file with one name needs no remembering, and most have one.
  const linked = new Set<string>();
  const levels = [{ folder: top, names: listNames(top.fd) }];
  let { bytes, inodes } = { bytes: statx(top.fd, '').blocks * 512, inodes: 1 };
  let met = 0;
  try {
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const name = level.names.pop();
      if (name === undefined) {
        level.folder.close();
        levels.pop();
        continue;
      }
      if (++met % namesAtOnce === 0) await setImmediate();
      const status = statIfThere(level.folder.fd, toNameBytes(name));
      if (status === undefined || isCounted(status, linked)) continue;
      bytes += status.blocks * 512;
      inodes++;
      if (!isFolder(status) || levels.length >= deepest) continue;
      const folder = openIfThere(level.folder.fd, toNameBytes(name));
      if (folder !== undefined) levels.push({ folder, names: listNames(folder.fd) });
    }
    return { bytes, inodes };
  } finally {
    for (const { folder } of levels) folder.close();
  }
}

function isCounted(status: FileStatus, linked: Set<string>): boolean {
  if (status.links < 2 || isFolder(status)) return false;
  const key = String(status.inode);
  if (linked.has(key)) return true;
  linked.add(key);
  return false;
}

function openIfThere(at: number, name: string | Buffer): Descriptor | undefined {
  const confined = ResolveFlag.noSymlinks | ResolveFlag.noMounts;
  try {
    return openat2(at, name, {
      flags: OpenFlag.directory | OpenFlag.noFollow,
      resolve: at === currentFolder ? 0 : confined | ResolveFlag.beneath,
    });
  } catch (error) {
    return ignoreGone(error);
  }
}

function statIfThere(at: number, name: string | Buffer): FileStatus | undefined {
  try {
    return statx(at, name);
  } catch (error) {
    return ignoreGone(error);
  }
}

/** Gone, or something else by now. */
function ignoreGone(error: unknown): undefined {
  if (!isKernelError(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV')) throw error;
  return undefined;
}
