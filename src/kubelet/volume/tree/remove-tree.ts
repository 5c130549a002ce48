import { randomUUID } from 'node:crypto';
import { isKernelError } from '../../../base/error.ts';
import { limits } from '../../../base/limits.ts';
import type { Descriptor } from '../../../kernel/descriptor.ts';
import { renameat2, rmdirat, unlinkat } from '../../../kernel/file.ts';
import { listNames } from '../../../kernel/folder.ts';
import { OpenFlag, openat2 } from '../../../kernel/open.ts';
import { ownFilesOnly } from './walk-tree.ts';

interface Level {
  readonly folder: Descriptor;
  readonly name: Buffer;
  readonly names: string[];
}

/**
 * Removes a name in an open folder with all beneath it, by descriptors alone: a link is removed,
 * never followed, and what is mounted is not entered (EXDEV). Equivalent: `rm -rf`. Succeeds when
 * it is gone already. Folders nested deeply are moved up and removed from there, so that their
 * number bounds neither descriptors nor the length of a path.
 */
export async function removeTree(at: number, name: string): Promise<void> {
  const levels: Level[] = [];
  using closing = new DisposableStack();
  closing.defer(() => levels.forEach(({ folder }) => folder.close()));
  let seen = 0;
  const discard = (from: number, entry: Buffer): void => {
    if (isGone(from, entry)) return;
    const [root] = levels;
    if (levels.length < limits.volumeRemovalDepth || root === undefined) {
      levels.push(open(from, entry));
      return;
    }
    const moved = `.removed-${randomUUID()}`;
    renameat2({ at: from, path: entry }, { at: root.folder.fd, path: moved });
    root.names.push(moved);
  };
  discard(at, Buffer.from(name));
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const next = level.names.pop();
    seen += 1;
    if (seen % limits.volumeTurnEntries === 0) await new Promise((turn) => setImmediate(turn));
    if (next !== undefined) {
      discard(level.folder.fd, Buffer.from(next, 'latin1'));
      continue;
    }
    level.folder.close();
    levels.pop();
    removeFolder(levels.at(-1)?.folder.fd ?? at, level.name);
  }
}

/** True when the name was a file's and is removed, or is nobody's; false for a folder. */
function isGone(at: number, name: Buffer): boolean {
  try {
    unlinkat(at, name);
    return true;
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return true;
    // Linux answers EISDIR; POSIX, and some file systems, EPERM.
    if (isKernelError(error, 'EISDIR', 'EPERM')) return false;
    throw error;
  }
}

function open(at: number, name: Buffer): Level {
  const flags = OpenFlag.directory | OpenFlag.noFollow;
  const folder = openat2(at, name, { flags, resolve: ownFilesOnly });
  return { folder, name, names: listNames(folder.fd) };
}

function removeFolder(at: number, name: Buffer): void {
  try {
    rmdirat(at, name);
  } catch (error) {
    if (!isKernelError(error, 'ENOENT')) throw error;
  }
}
