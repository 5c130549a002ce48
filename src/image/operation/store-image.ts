import { DomainError } from '../../base/error.ts';
import { chainIdsOf, digestOf } from '../digest.ts';
import type { Digest, Image } from '../image.ts';
import { parseConfigDocument } from '../image-config.ts';
import type { Descriptor } from '../manifest.ts';
import { compressionOf, mediaTypes } from '../media-type.ts';
import type { ImageRecord } from '../store/image-record.ts';
import type { Context } from './context.ts';

export interface NewImage {
  readonly configBytes: Buffer;
  /** Bottom first; they are in the store, and leased. */
  readonly layers: readonly Descriptor[];
  /** The manifest as it came; made here if there is none. */
  readonly manifest?: { readonly bytes: Buffer; readonly mediaType: string };
  /** Whole names with tags. */
  readonly names: readonly string[];
}

/** Records an image whose layers are in the store already. */
export async function storeImage(context: Context, image: NewImage): Promise<Image> {
  const manifest = image.manifest ?? makeManifest(image);
  const id = digestOf(image.configBytes);
  const manifestDigest = digestOf(manifest.bytes);
  return await context.exclusive(async () => {
    using _lease = context.leases.hold([id, manifestDigest]);
    const record = await recordOf(context, image, {
      mediaType: manifest.mediaType,
      digest: manifestDigest,
    });
    await context.blobs.put(image.configBytes);
    await context.blobs.put(manifest.bytes);
    await context.images.put(record);
    for (const name of image.names) await context.images.setName(name, id);
    context.layers.sync();
    const stored = context.images.imageOf(id);
    if (stored === undefined) throw new DomainError('notFound', `Image ${id} was removed`);
    return stored;
  });
}

function makeManifest({ configBytes, layers }: NewImage): { bytes: Buffer; mediaType: string } {
  const mediaType = mediaTypes.ociManifest;
  const config = { mediaType: mediaTypes.ociConfig, ...sizeAndDigest(configBytes) };
  const parts = layers.map(({ mediaType, digest, size }) => ({
    mediaType: ociLayerType(mediaType),
    digest,
    size,
  }));
  const document = { schemaVersion: 2, mediaType, config, layers: parts };
  return { mediaType, bytes: Buffer.from(JSON.stringify(document)) };
}

/** Layers of a Docker image may lie beneath a new one; one manifest speaks one language. */
function ociLayerType(mediaType: string): string {
  const compression = compressionOf(mediaType) ?? 'none';
  return compression === 'none' ? mediaTypes.ociLayer : `${mediaTypes.ociLayer}+${compression}`;
}

export function sizeAndDigest(bytes: Buffer): { digest: Digest; size: number } {
  return { digest: digestOf(bytes), size: bytes.length };
}

async function recordOf(
  context: Context,
  { configBytes, layers }: NewImage,
  manifest: ImageRecord['manifest'],
): Promise<ImageRecord> {
  const { config, createdAtMs, diffIds } = parseConfigDocument(configBytes);
  const id = digestOf(configBytes);
  const chainIds = chainIdsOf(diffIds);
  const records = await Promise.all(
    layers.map(async ({ digest }, index) => {
      const chainId = chainIds[index];
      const diffId = diffIds[index];
      if (chainId === undefined || diffId === undefined) throw new RangeError('A layer has no id');
      const { unpackedBytes = 0, hidesLowers } = (await context.layers.recordOf(chainId)) ?? {};
      const layer = { diffId, chainId, blobDigest: digest, unpackedBytes };
      return { ...layer, ...(hidesLowers === true ? { hidesLowers } : {}) };
    }),
  );
  const pinned = context.images.images.get(id)?.pinned ?? false;
  return { id, createdAtMs, pinned, manifest, layers: records, config };
}
