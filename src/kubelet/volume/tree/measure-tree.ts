import { walkTree } from './walk-tree.ts';
import { fstat } from '../../../kernel/stat.ts';

export interface TreeSize {
  /** As the disk has them: `du --block-size=1`. */
  readonly bytes: number;
  readonly inodes: number;
}

/** What an open folder and all beneath it take; a file with several names counts once. */
export async function measureTree(root: number): Promise<TreeSize> {
  const counted = new Set<bigint>();
  let bytes = fstat(root).blocks * 512;
  let inodes = 1;
  for await (const { status } of walkTree(root)) {
    if (status.links > 1 && counted.has(status.inode)) continue;
    if (status.links > 1) counted.add(status.inode);
    bytes += status.blocks * 512;
    inodes += 1;
  }
  return { bytes, inodes };
}
