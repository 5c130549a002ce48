import { isDomainError, isKernelError } from '../../base/error.ts';
import { openFolder } from '../../kernel/open.ts';
import { fstatfs } from '../../kernel/stat.ts';
import type { VolumeUsage } from './pod-volumes.ts';
import { openBeneath } from './tree/folder.ts';
import { measureTree } from './tree/measure-tree.ts';
import type { VolumePlace } from './volume-maker.ts';

/**
 * What each volume takes. One that is a file system of its own, or a persistent volume that others
 * may use too, is what its file system says; a folder of the node's disk is measured. hostPaths are
 * nobody's, and images the node's: they are not counted.
 */
export async function measureVolumes(
  places: ReadonlyMap<string, VolumePlace>,
): Promise<ReadonlyMap<string, VolumeUsage>> {
  const usages = new Map<string, VolumeUsage>();
  for (const [name, { plan, path }] of places) {
    if (plan.kind === 'hostPath' || plan.kind === 'image') continue;
    const isWhole =
      plan.kind === 'claim' ||
      (plan.kind === 'files' ? plan.inMemory : plan.memoryBytes !== undefined);
    try {
      usages.set(name, await measure(path, isWhole));
    } catch (error) {
      // It is being removed.
      if (!isKernelError(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
  }
  return usages;
}

async function measure(path: string, isWhole: boolean): Promise<VolumeUsage> {
  using place = openFolder(path);
  const { blockBytes, blocks, blocksAvailable, files, filesFree } = fstatfs(place.fd);
  const capacity = {
    capacityBytes: blocks * blockBytes,
    availableBytes: blocksAvailable * blockBytes,
    inodes: files,
    freeInodes: filesFree,
  };
  if (isWhole) {
    const usedBytes = (blocks - blocksAvailable) * blockBytes;
    return { ...capacity, usedBytes, usedInodes: files - filesFree };
  }
  using folder = openBeneath(place.fd, '.');
  const { bytes, inodes } = await sizeOf(folder.fd);
  return { ...capacity, usedBytes: bytes, usedInodes: inodes };
}

/** A tree too deep to be measured hides what it holds: it counts as all there is. */
async function sizeOf(folder: number): Promise<{ bytes: number; inodes: number }> {
  try {
    return await measureTree(folder);
  } catch (error) {
    if (!isDomainError(error, 'invalid')) throw error;
    return { bytes: Number.MAX_SAFE_INTEGER, inodes: Number.MAX_SAFE_INTEGER };
  }
}
