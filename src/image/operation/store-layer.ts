import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import { chainIdsOf, digestOfHash } from '../digest.ts';
import type { Digest } from '../image.ts';
import { adoptFolders } from '../layer/adopt-folders.ts';
import { detectCompression } from '../layer/decompress.ts';
import type { UnpackResult } from '../layer/layer.ts';
import type { LayerDescriptor } from '../manifest.ts';
import type { LayerCompression } from '../media-type.ts';
import { mediaTypes } from '../media-type.ts';
import { traitsOf } from '../pull/pull-layer.ts';
import type { StagedBlob } from '../store/blob-store.ts';
import type { Context } from './context.ts';

export interface LayerInput {
  /** The archive's bytes, compressed or not. */
  readonly source: AsyncIterable<Uint8Array>;
  /** Layers beneath, bottom first; they are in the store. */
  readonly parents: readonly Digest[];
  /** What the archive is checked against; undefined where it is only now found out. */
  readonly diffId?: Digest;
  readonly blobDigest?: Digest;
}

export interface StoredLayer {
  readonly diffId: Digest;
  readonly chainId: Digest;
  /** Of the blob that was kept: the given one, or its gzip form if it was not compressed. */
  readonly descriptor: LayerDescriptor;
}

// The store keeps what no registry has, so a plain archive is compressed; more would take long.
const gzipLevel = 4;

/**
 * Puts a layer that comes from no registry into the store: unpacked, and as a blob for push and
 * save. What it makes is held until `keep` is disposed of.
 */
export async function storeLayer(
  context: Context,
  input: LayerInput,
  keep: DisposableStack,
): Promise<StoredLayer> {
  const staged = await context.layers.stage();
  const blob = await context.blobs.stage();
  try {
    const { result, packed } = await feed(context, input, { folder: staged.folder, blob });
    const chainId = chainIdAbove(input.parents, result.diffId);
    keep.use(context.leases.hold([chainId, packed.digest]));
    await blob.commit(packed.digest);
    const parents = input.parents.map((parent) => context.layers.folderOf(parent));
    adoptFolders(staged.folder, parents.toReversed(), result.impliedFolders);
    await context.layers.expect([chainId]);
    await staged.commit(chainId, { diffId: result.diffId, ...traitsOf(result) });
    return { diffId: result.diffId, chainId, descriptor: descriptorOf(packed) };
  } catch (error) {
    await blob.discard();
    throw error;
  } finally {
    await staged.discard();
  }
}

interface PackedBlob {
  readonly digest: Digest;
  readonly size: number;
  readonly compression: LayerCompression;
}

async function feed(
  context: Context,
  input: LayerInput,
  { folder, blob }: { folder: string; blob: StagedBlob },
): Promise<{ result: UnpackResult; packed: PackedBlob }> {
  const { parents, diffId, blobDigest } = input;
  const unpack = context.unpacker.open({
    folder,
    lowest: parents.length === 0,
    ...(diffId === undefined ? {} : { diffId }),
    ...(blobDigest === undefined ? {} : { blobDigest }),
  });
  let packer: Packer | undefined;
  try {
    for await (const chunk of input.source) {
      packer ??= openPacker(blob, detectCompression(Buffer.from(chunk)));
      await Promise.all([unpack.write(chunk), packer.write(chunk)]);
    }
    packer ??= openPacker(blob, 'none');
    return { result: await unpack.finish(), packed: await packer.finish() };
  } catch (error) {
    await unpack.abort();
    packer?.abort();
    throw error;
  }
}

/** Writes a blob: as it comes if it is compressed, else compressed. */
interface Packer {
  write(chunk: Uint8Array): Promise<void>;
  finish(): Promise<PackedBlob>;
  abort(): void;
}

function openPacker(blob: StagedBlob, compression: LayerCompression): Packer {
  const hash = createHash('sha256');
  let size = 0;
  const put = async (chunk: Uint8Array): Promise<void> => {
    hash.update(chunk);
    size += chunk.length;
    await blob.write(chunk);
  };
  if (compression !== 'none') {
    return {
      write: put,
      finish: async () => ({ digest: digestOfHash(hash), size, compression }),
      abort: () => undefined,
    };
  }
  const gzip = createGzip({ level: gzipLevel });
  const written = (async () => {
    for await (const chunk of gzip) await put(chunk as Buffer);
  })();
  // Looked at in `finish`; a failure before that must not end the process.
  written.catch(() => undefined);
  return {
    async write(chunk) {
      // The unpacker copies what it is given, gzip does not.
      if (!gzip.write(Buffer.from(chunk))) await Promise.race([once(gzip, 'drain'), written]);
    },
    async finish() {
      gzip.end();
      await written;
      return { digest: digestOfHash(hash), size, compression: 'gzip' };
    },
    abort: () => gzip.destroy(),
  };
}

function chainIdAbove(parents: readonly Digest[], diffId: Digest): Digest {
  const parent = parents.at(-1);
  // A chain id takes its parent's place in the list: only the last step is left to make.
  return chainIdsOf(parent === undefined ? [diffId] : [parent, diffId]).at(-1) ?? diffId;
}

function descriptorOf({ digest, size, compression }: PackedBlob): LayerDescriptor {
  const suffix = compression === 'none' ? '' : `+${compression}`;
  return { mediaType: `${mediaTypes.ociLayer}${suffix}`, digest, size, compression };
}
