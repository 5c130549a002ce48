import { isKernelError } from '../../base/error.ts';
import { FileType } from '../../kernel/file.ts';
import { MergedFolder, type MergedChild } from './merged-folder.ts';
import { toNameText } from './tar-entry.ts';

/** A: added, C: changed, D: deleted. */
export interface Change {
  readonly path: string;
  readonly kind: 'A' | 'C' | 'D';
}

/**
 * What a container's writable folder changed against the layers beneath it, topmost first. Sorted,
 * paths begin with a slash. As with `docker diff`, folders above a change count as changed, and so
 * does everything that was copied up, even if its content is the same again.
 */
export function diffFolder(upper: string, lowers: readonly string[]): Change[] {
  using top = MergedFolder.openRoot([upper]);
  const changes: Change[] = [];
  if (lowers.length === 0) {
    compare({ top, below: undefined, path: '' }, changes);
  } else {
    using below = MergedFolder.openRoot(lowers);
    compare({ top, below, path: '' }, changes);
  }
  return changes;
}

interface Level {
  readonly top: MergedFolder;
  readonly below: MergedFolder | undefined;
  readonly path: string;
  /** Nothing of `below` shows through. */
  readonly isOpaque?: boolean;
}

function compare(level: Level, changes: Change[]): void {
  const { top, below, path } = level;
  const own = new Set(top.names());
  const hidden = level.isOpaque === true ? (below?.names() ?? []) : [];
  for (const name of [...new Set([...own, ...hidden])].toSorted()) {
    const now = own.has(name) ? top.child(name) : undefined;
    const before = below?.child(name);
    const full = `${path}/${name}`;
    const kind = kindOf(now, before);
    if (kind === undefined) continue;
    changes.push({ path: toNameText(full), kind });
    if (now === undefined || !isFolderChild(now)) continue;
    compareFolders({ level, now, before, path: full }, changes);
  }
}

/** Undefined for a whiteout of nothing. */
function kindOf(now: MergedChild | undefined, before: MergedChild | undefined) {
  if (now === undefined) return before === undefined ? undefined : 'D';
  return before === undefined ? 'A' : 'C';
}

interface Pair {
  readonly level: Level;
  readonly now: MergedChild;
  readonly before: MergedChild | undefined;
  readonly path: string;
}

function compareFolders({ level, now, before, path }: Pair, changes: Change[]): void {
  try {
    using top = level.top.openChild(now);
    const isMerged = before !== undefined && isFolderChild(before);
    using below = isMerged ? level.below?.openChild(before) : undefined;
    compare({ top, below, path, isOpaque: top.isOpaque }, changes);
  } catch (error) {
    // The container removed it meanwhile.
    if (!isKernelError(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
  }
}

function isFolderChild({ status }: MergedChild): boolean {
  return (status.mode & FileType.mask) === FileType.folder;
}
