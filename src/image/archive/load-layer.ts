import { chainIdsOf } from '../digest.ts';
import type { Digest } from '../image.ts';
import type { ArchiveIndex, ArchivedFile } from '../layer/archive-index.ts';
import type { Descriptor } from '../manifest.ts';
import { mediaTypes } from '../media-type.ts';
import type { Context } from '../operation/context.ts';
import { storeLayer } from '../operation/store-layer.ts';

export interface LayerInArchive {
  readonly file: ArchivedFile;
  readonly diffId: Digest;
  /** Of the layers beneath, bottom first. */
  readonly below: readonly Digest[];
  readonly blobDigest?: Digest;
}

/** Puts a layer of an archive into the store, unless it is there with a blob. */
export async function loadLayer(
  context: Context,
  { archive, keep }: { readonly archive: ArchiveIndex; readonly keep: DisposableStack },
  { file, diffId, below, blobDigest }: LayerInArchive,
): Promise<Descriptor> {
  const chainIds = chainIdsOf([...below, diffId]);
  const chainId = chainIds.at(-1) ?? diffId;
  const known = blobDigest ?? blobOf(context, chainId);
  keep.use(context.leases.hold(known === undefined ? [chainId] : [chainId, known]));
  if (context.layers.has(chainId) && known !== undefined && context.blobs.has(known)) {
    const size = await context.blobs.sizeOf(known);
    return { mediaType: await mediaTypeOf(context, known), digest: known, size };
  }
  const source = archive.stream(file);
  const parents = chainIds.slice(0, -1);
  const expected = blobDigest === undefined ? {} : { blobDigest };
  const stored = await storeLayer(context, { source, parents, diffId, ...expected }, keep);
  return stored.descriptor;
}

/** The blob that another image has for the same layer. */
function blobOf(context: Context, chainId: Digest): Digest | undefined {
  const layers = [...context.images.images.values()].flatMap((record) => record.layers);
  return layers.find((layer) => layer.chainId === chainId && context.blobs.has(layer.blobDigest))
    ?.blobDigest;
}

/** The first bytes tell, as they do when a layer is unpacked. */
async function mediaTypeOf(context: Context, digest: Digest): Promise<string> {
  const compression = await context.blobs.compressionOf(digest);
  return compression === 'none' ? mediaTypes.ociLayer : `${mediaTypes.ociLayer}+${compression}`;
}
