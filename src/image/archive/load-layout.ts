import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { digestOf, hexOf } from '../digest.ts';
import type { Digest, Image } from '../image.ts';
import { parseConfigDocument } from '../image-config.ts';
import type { ArchiveIndex } from '../layer/archive-index.ts';
import { parseManifest, type Descriptor, type IndexEntry, type Manifest } from '../manifest.ts';
import { mediaTypes } from '../media-type.ts';
import type { Context } from '../operation/context.ts';
import { storeImage } from '../operation/store-image.ts';
import { choosePlatform, hostPlatform } from '../platform.ts';
import { parseReference } from '../reference.ts';
import { storedName } from '../store/image-store.ts';
import { loadLayer } from './load-layer.ts';

/** Loads the images of an OCI layout that lie in an archive, each blob verified. */
export async function loadLayout(
  context: Context,
  archive: ArchiveIndex,
): Promise<readonly Image[]> {
  const bytes = await archive.read('index.json', limits.manifestBytes);
  const table = parseManifest(bytes, mediaTypes.ociIndex);
  if (table.kind !== 'index') throw new DomainError('invalid', 'index.json is not an index');
  if (table.entries.length > limits.archiveImages) {
    throw new DomainError('invalid', `Archive has ${table.entries.length} images, too many`);
  }
  const images: Image[] = [];
  for (const entry of entriesForThisMachine(table.entries)) {
    images.push(await loadEntry(context, archive, entry));
  }
  if (images.length > 0) return images;
  throw new DomainError('notFound', 'The archive has no image for this machine');
}

/** Of several entries with one name, as for several platforms, the one that fits. */
function entriesForThisMachine(entries: readonly IndexEntry[]): IndexEntry[] {
  const byName = Map.groupBy(entries, (entry) => nameOf(entry) ?? entry.digest);
  return [...byName.values()].flatMap((group) => {
    const [only, second] = group;
    if (only !== undefined && second === undefined) return [only];
    return choosePlatform(group, hostPlatform()) ?? [];
  });
}

async function loadEntry(
  context: Context,
  archive: ArchiveIndex,
  entry: IndexEntry,
): Promise<Image> {
  using keep = new DisposableStack();
  const { manifest, bytes } = await readManifest(archive, entry);
  const configBytes = await readVerified(archive, manifest.config.digest, limits.imageConfigBytes);
  const { diffIds } = parseConfigDocument(configBytes);
  if (manifest.layers.length !== diffIds.length) {
    throw new DomainError('invalid', 'An image of the archive lacks layers of its configuration');
  }
  const layers: Descriptor[] = [];
  for (const [index, diffId] of diffIds.entries()) {
    const descriptor = manifest.layers[index];
    const file = descriptor && archive.find(blobName(descriptor.digest));
    if (descriptor === undefined || file === undefined) {
      throw new DomainError('invalid', `The archive lacks its layer ${descriptor?.digest ?? ''}`);
    }
    const below = diffIds.slice(0, index);
    const layer = { file, diffId, below, blobDigest: descriptor.digest };
    layers.push(await loadLayer(context, { archive, keep }, layer));
  }
  // A plain layer was compressed for keeping; then the manifest has to follow.
  const isAsItCame = layers.every(({ digest }, index) => digest === manifest.layers[index]?.digest);
  const own = isAsItCame ? { manifest: { bytes, mediaType: manifest.mediaType } } : {};
  const name = nameOf(entry);
  return await storeImage(context, {
    configBytes,
    layers,
    names: name === undefined ? [] : [name],
    ...own,
  });
}

async function readManifest(
  archive: ArchiveIndex,
  entry: IndexEntry,
): Promise<{ manifest: Manifest; bytes: Buffer }> {
  let { digest, mediaType } = entry;
  for (let count = 0; count < 3; count++) {
    const bytes = await readVerified(archive, digest, limits.manifestBytes);
    const document = parseManifest(bytes, mediaType);
    if (document.kind === 'manifest') return { manifest: document, bytes };
    const chosen = choosePlatform(document.entries, hostPlatform());
    if (chosen === undefined) {
      throw new DomainError('notFound', 'An image of the archive is not for this machine');
    }
    ({ digest, mediaType } = chosen);
  }
  throw new DomainError('invalid', 'An image of the archive is an index of too many indexes');
}

async function readVerified(
  archive: ArchiveIndex,
  digest: Digest,
  maximumBytes: number,
): Promise<Buffer> {
  const bytes = await archive.read(blobName(digest), maximumBytes);
  if (digestOf(bytes) === digest) return bytes;
  throw new DomainError('invalid', `Blob ${digest} in the archive has other bytes`);
}

function blobName(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

/**
 * The whole name that whoever saved it gave the image. A bare tag is none: what repository it
 * belongs to would have to be made up.
 */
function nameOf({ annotations }: IndexEntry): string | undefined {
  const whole = annotations['io.containerd.image.name'];
  const named = annotations['org.opencontainers.image.ref.name'];
  const name = whole ?? (named !== undefined && /[:/]/.test(named) ? named : undefined);
  if (name === undefined) return undefined;
  const reference = parseReference(name);
  return reference.digest === undefined ? storedName(reference) : undefined;
}
