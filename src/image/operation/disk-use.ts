import type { DiskUse } from '../image-service.ts';
import type { Digest } from '../image.ts';
import type { ImageRecord } from '../store/image-record.ts';
import { treeUse } from '../store/tree-use.ts';
import { isPinned } from '../pinned.ts';
import type { Context } from './context.ts';
import { digestsOf } from './collect.ts';
import { usersOf } from './remove.ts';

/** What images and containers take on disk, as `docker system df -v` shows it. */
export async function diskUse(context: Context): Promise<DiskUse> {
  const sizes = await sizesOfParts(context);
  const records = [...context.images.images.values()];
  const users = countUsers(records);
  const images = records.map((record) => splitUse(record, sizes, users));
  const snapshots = await Promise.all(
    [...context.snapshots.records.keys()].map(async (id) => ({
      id,
      bytes: (await treeUse(context.snapshots.find(id)?.upper ?? '')).bytes,
    })),
  );
  const totalBytes = sizes.values().reduce((sum, bytes) => sum + bytes, 0);
  const reclaimableBytes = reclaimable(context, records, sizes);
  return { images, snapshots, totalBytes, reclaimableBytes };
}

/** Bytes of each layer and blob that is there. */
async function sizesOfParts({ layers, blobs }: Context): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const chainId of layers.list()) {
    sizes.set(layerKey(chainId), (await layers.recordOf(chainId))?.unpackedBytes ?? 0);
  }
  for (const digest of await blobs.list()) sizes.set(digest, await blobs.sizeOf(digest));
  return sizes;
}

/** The lowest layer's chain id is its diff id, and so the digest of its blob if that is plain. */
function layerKey(chainId: Digest): string {
  return `layer ${chainId}`;
}

function partsOf(record: ImageRecord): Set<string> {
  const layers = record.layers.map(({ chainId }) => layerKey(chainId));
  return new Set([...digestsOf(record), ...layers]);
}

function countUsers(records: readonly ImageRecord[]): Map<string, number> {
  const users = new Map<string, number>();
  for (const record of records) {
    for (const part of partsOf(record)) users.set(part, (users.get(part) ?? 0) + 1);
  }
  return users;
}

function splitUse(
  record: ImageRecord,
  sizes: ReadonlyMap<string, number>,
  users: ReadonlyMap<string, number>,
): DiskUse['images'][number] {
  let sharedBytes = 0;
  let uniqueBytes = 0;
  for (const part of partsOf(record)) {
    const bytes = sizes.get(part) ?? 0;
    if ((users.get(part) ?? 0) > 1) sharedBytes += bytes;
    else uniqueBytes += bytes;
  }
  return { id: record.id, sharedBytes, uniqueBytes };
}

/** All that no container's image has a part in: what `prune` with `all` would free. */
function reclaimable(
  context: Context,
  records: readonly ImageRecord[],
  sizes: ReadonlyMap<string, number>,
): number {
  const kept = records.filter(({ id, pinned }) => {
    if (pinned || isPinned(context.settings.pinned, context.images.namesOf(id))) return true;
    return usersOf(context, id).length > 0;
  });
  const used = new Set(kept.flatMap((record) => [...partsOf(record)]));
  for (const { chainIds } of context.snapshots.records.values()) {
    for (const chainId of chainIds) used.add(layerKey(chainId));
  }
  return [...sizes].reduce((sum, [part, bytes]) => (used.has(part) ? sum : sum + bytes), 0);
}
