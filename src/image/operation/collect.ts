import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { limits } from '../../base/limits.ts';
import type { Digest } from '../image.ts';
import type { ImageRecord } from '../store/image-record.ts';
import type { Context } from './context.ts';

/**
 * Removes of these layers and blobs those that no image, container or pull under way needs; by
 * default all that lie in the store. Runs within `exclusive`. Returns the unpacked bytes that it
 * freed.
 */
export async function collectGarbage(
  context: Context,
  candidates?: ReadonlySet<Digest>,
): Promise<number> {
  const used = usedDigests(context);
  const isGarbage = (digest: Digest): boolean =>
    (candidates?.has(digest) ?? true) && !used.has(digest) && !context.leases.has(digest);
  let freedBytes = 0;
  // The topmost first: a layer must not be there without what lies beneath it.
  for (const chainId of context.layers.list().toReversed()) {
    if (!isGarbage(chainId)) continue;
    freedBytes += (await context.layers.recordOf(chainId))?.unpackedBytes ?? 0;
    await context.layers.remove(chainId);
  }
  for (const digest of await context.blobs.list()) {
    if (!isGarbage(digest)) continue;
    freedBytes += await context.blobs.sizeOf(digest);
    await context.blobs.remove(digest);
  }
  return freedBytes;
}

/**
 * Removes what interrupted pulls left long ago. What is younger stays, so that the next pull of the
 * same image can go on with it.
 */
export async function collectOldLeftovers(context: Context): Promise<void> {
  const used = usedDigests(context);
  const paths = [
    ...context.layers.list().map((id) => [id, dirname(context.layers.folderOf(id))] as const),
    ...(await context.blobs.list()).map((id) => [id, context.blobs.pathOf(id)] as const),
  ];
  const old = new Set<Digest>();
  for (const [digest, path] of paths) {
    if (used.has(digest)) continue;
    const ageMs = Date.now() - (await stat(path)).mtimeMs;
    if (ageMs > limits.pullLeftoverMs) old.add(digest);
  }
  if (old.size === 0) return;
  const freedBytes = await collectGarbage(context, old);
  context.log.info({ freedBytes }, 'removed what interrupted pulls had left');
}

/** All layers and blobs that an image is made of. */
export function digestsOf({ id, manifest, layers }: ImageRecord): Digest[] {
  const parts = layers.flatMap(({ chainId, blobDigest }) => [chainId, blobDigest]);
  return [id, manifest.digest, ...parts];
}

function usedDigests({ images, snapshots }: Context): Set<Digest> {
  return new Set([
    ...[...images.images.values()].flatMap((image) => digestsOf(image)),
    ...[...snapshots.records.values()].flatMap(({ chainIds }) => chainIds),
  ]);
}
