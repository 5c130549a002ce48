import { createGunzip, createZstdDecompress } from 'node:zlib';
import { Readable } from 'node:stream';
import { DomainError } from '../../base/error.ts';
import { hexOf } from '../digest.ts';
import type { Digest } from '../image.ts';
import { parseManifest, type LayerDescriptor, type Manifest } from '../manifest.ts';
import { mediaTypes } from '../media-type.ts';
import { openLayerBlob } from '../operation/blob-source.ts';
import type { Context } from '../operation/context.ts';
import { familiarName, parseReference } from '../reference.ts';
import type { ImageRecord } from '../store/image-record.ts';
import { storedName } from '../store/image-store.ts';
import { writeArchive, type ArchiveWriter } from './write-archive.ts';

/** One image to save, with the names that it is saved under. */
interface SavedImage {
  readonly record: ImageRecord;
  readonly names: readonly string[];
  readonly manifest: Manifest;
  readonly manifestBytes: Buffer;
  readonly configBytes: Buffer;
}

/** Writes images to an archive: an OCI layout, or the form of `docker save`. */
export async function saveImages(
  context: Context,
  names: readonly string[],
  target: { readonly path: string; readonly format: 'oci' | 'docker' },
): Promise<void> {
  if (names.length === 0) throw new DomainError('invalid', 'No image to save was named');
  using keep = new DisposableStack();
  const images = await collectImages(context, names, keep);
  await writeArchive(target.path, async (archive) => {
    if (target.format === 'oci') await writeLayout(context, images, archive);
    else await writeDockerArchive(context, images, archive);
  });
}

/** A name by tag is saved as that tag; an id is saved with all tags that it has. */
async function collectImages(
  context: Context,
  names: readonly string[],
  keep: DisposableStack,
): Promise<SavedImage[]> {
  const tags = new Map<Digest, Set<string>>();
  for (const name of names) {
    const { id } = context.images.get(name);
    const all = context.images.namesOf(id).filter((known) => !known.includes('@'));
    const own = tags.get(id) ?? new Set();
    for (const tag of all.filter((known) => isMeant(known, name, all))) own.add(tag);
    tags.set(id, own);
  }
  const images: SavedImage[] = [];
  for (const [id, own] of tags) {
    const record = context.images.get(id);
    const parts = record.layers.flatMap(({ chainId, blobDigest }) => [chainId, blobDigest]);
    keep.use(context.leases.hold([id, record.manifest.digest, ...parts]));
    const manifestBytes = await context.blobs.read(record.manifest.digest);
    const manifest = parseManifest(manifestBytes, record.manifest.mediaType);
    if (manifest.kind !== 'manifest') throw new DomainError('invalid', `${id} has no manifest`);
    const configBytes = await context.blobs.read(id);
    images.push({ record, names: [...own].toSorted(), manifest, manifestBytes, configBytes });
  }
  return images;
}

function isMeant(tag: string, name: string, tags: readonly string[]): boolean {
  if (name.startsWith('sha256:') || /^[0-9a-f]{64}$/.test(name)) return true;
  const stored = storedName(parseReference(name));
  return tags.includes(stored) ? stored === tag : !name.includes('@');
}

async function writeLayout(
  context: Context,
  images: readonly SavedImage[],
  archive: ArchiveWriter,
): Promise<void> {
  await archive.add('oci-layout', json({ imageLayoutVersion: '1.0.0' }));
  for (const image of images) {
    await addOnce(archive, image.record.manifest.digest, image.manifestBytes);
    await addOnce(archive, image.record.id, image.configBytes);
    for (const blob of image.manifest.layers) {
      const name = blobName(blob.digest);
      if (archive.has(name)) continue;
      const chunks = openLayerBlob(context, { record: image.record, blob }, {});
      await archive.addStream(name, { size: blob.size, digest: blob.digest, chunks });
    }
  }
  const manifests = images.flatMap((image) => layoutEntries(image));
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
  await archive.add('index.json', json(index));
}

/** An entry for each name; readers choose by the annotations. */
function layoutEntries({ record, names, manifest, manifestBytes }: SavedImage): object[] {
  const { mediaType } = manifest;
  const entry = { mediaType, digest: record.manifest.digest, size: manifestBytes.length };
  if (names.length === 0) return [entry];
  return names.map((name) => ({
    ...entry,
    annotations: {
      'io.containerd.image.name': name,
      'org.opencontainers.image.ref.name': parseReference(name).tag ?? 'latest',
    },
  }));
}

async function writeDockerArchive(
  context: Context,
  images: readonly SavedImage[],
  archive: ArchiveWriter,
): Promise<void> {
  const table: object[] = [];
  for (const image of images) {
    const { record, names, manifest, configBytes } = image;
    const config = `${hexOf(record.id)}.json`;
    await archive.add(config, configBytes);
    const layers: string[] = [];
    for (const [index, blob] of manifest.layers.entries()) {
      layers.push(await addPlainLayer(context, { record, blob, index }, archive));
    }
    table.push({
      Config: config,
      RepoTags: names.map((name) => familiarName(name)),
      Layers: layers,
    });
  }
  await archive.add('manifest.json', json(table));
}

/** Readers of this form expect layers without compression, named by their diff id. */
async function addPlainLayer(
  context: Context,
  { record, blob, index }: { record: ImageRecord; blob: LayerDescriptor; index: number },
  archive: ArchiveWriter,
): Promise<string> {
  const layer = record.layers[index];
  const known = layer && (await context.layers.recordOf(layer.chainId));
  if (layer === undefined || known === undefined) {
    throw new DomainError('invalid', `Image ${record.id} has a damaged layer`);
  }
  const name = `${hexOf(layer.diffId)}.tar`;
  if (archive.has(name)) return name;
  const packed = openLayerBlob(context, { record, blob }, {});
  await archive.addStream(name, {
    size: known.archiveBytes,
    digest: layer.diffId,
    chunks: decompressed(packed, blob),
  });
  return name;
}

function decompressed(
  packed: AsyncIterable<Uint8Array>,
  { compression }: LayerDescriptor,
): AsyncIterable<Uint8Array> {
  if (compression === 'none') return packed;
  const plain = compression === 'gzip' ? createGunzip() : createZstdDecompress();
  const source = Readable.from(packed, { objectMode: false });
  source.once('error', (error) => plain.destroy(error));
  return source.pipe(plain) as AsyncIterable<Uint8Array>;
}

async function addOnce(archive: ArchiveWriter, digest: Digest, bytes: Buffer): Promise<void> {
  const name = blobName(digest);
  if (!archive.has(name)) await archive.add(name, bytes);
}

function blobName(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

function json(document: object): Buffer {
  return Buffer.from(JSON.stringify(document));
}
