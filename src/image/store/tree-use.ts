import type { Stats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../base/error.ts';

export interface TreeUse {
  readonly bytes: number;
  readonly inodes: number;
}

/**
 * What a tree takes on disk, as du(1) counts: allocated blocks, a file with several names once.
 * What disappears meanwhile counts nothing: a container goes on writing while it is looked at.
 */
export async function treeUse(root: string): Promise<TreeUse> {
  const seen = new Set<string>();
  let bytes = 0;
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const own = await statOf(folder);
    if (own === undefined) continue;
    bytes += own.blocks * 512;
    seen.add(`${own.dev} ${own.ino}`);
    for (const { name, isFolder } of await entriesOf(folder)) {
      const path = join(folder, name);
      if (isFolder) {
        folders.push(path);
        continue;
      }
      const entry = await statOf(path);
      const key = `${entry?.dev} ${entry?.ino}`;
      if (entry === undefined || seen.has(key)) continue;
      seen.add(key);
      bytes += entry.blocks * 512;
    }
  }
  return { bytes, inodes: seen.size };
}

async function entriesOf(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  try {
    const entries = [];
    for await (const entry of await opendir(folder, { bufferSize: 256 })) {
      entries.push({ name: entry.name, isFolder: entry.isDirectory() });
    }
    return entries;
  } catch (error) {
    return ignoreGone(error) ?? [];
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    return ignoreGone(error);
  }
}

/** ENAMETOOLONG: a container can nest folders deeper than a path may be long. */
function ignoreGone(error: unknown): undefined {
  if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) throw error;
  return undefined;
}
