import { DomainError } from '../../base/error.ts';
import { limits } from '../../base/limits.ts';
import { shortened } from '../digest.ts';
import type { Image } from '../image.ts';
import { parseConfigDocument } from '../image-config.ts';
import { isJsonObject, textField, textListField, type JsonObject } from '../json.ts';
import type { ArchiveIndex } from '../layer/archive-index.ts';
import type { Descriptor } from '../manifest.ts';
import type { Context } from '../operation/context.ts';
import { storeImage } from '../operation/store-image.ts';
import { parseReference } from '../reference.ts';
import { storedName } from '../store/image-store.ts';
import { loadLayer } from './load-layer.ts';

/** Loads what `docker save` wrote: `manifest.json` with configurations and layers by file name. */
export async function loadDockerArchive(
  context: Context,
  archive: ArchiveIndex,
): Promise<readonly Image[]> {
  const entries = parseTable(await archive.read('manifest.json', limits.manifestBytes));
  const images: Image[] = [];
  for (const entry of entries) images.push(await loadEntry(context, archive, entry));
  return images;
}

function parseTable(bytes: Buffer): readonly JsonObject[] {
  let table: unknown;
  try {
    table = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new DomainError('invalid', 'manifest.json in the archive is not JSON');
  }
  if (!Array.isArray(table) || !table.every(isJsonObject)) {
    throw new DomainError('invalid', 'manifest.json in the archive is not a list of images');
  }
  if (table.length <= limits.archiveImages) return table;
  throw new DomainError('invalid', `Archive has ${table.length} images, which is too many`);
}

async function loadEntry(
  context: Context,
  archive: ArchiveIndex,
  entry: JsonObject,
): Promise<Image> {
  using keep = new DisposableStack();
  const configBytes = await archive.read(textField(entry, 'Config'), limits.imageConfigBytes);
  const { diffIds } = parseConfigDocument(configBytes);
  const files = textListField(entry, 'Layers');
  if (files.length !== diffIds.length) {
    throw new DomainError('invalid', 'An image of the archive lacks layers of its configuration');
  }
  const names = textListField(entry, 'RepoTags').map((name) => storedName(checkedTag(name)));
  const layers: Descriptor[] = [];
  for (const [index, diffId] of diffIds.entries()) {
    const name = files[index] ?? '';
    const file = archive.find(name);
    if (file === undefined) {
      throw new DomainError('invalid', `The archive lacks its layer "${shortened(name)}"`);
    }
    const layer = { file, diffId, below: diffIds.slice(0, index) };
    layers.push(await loadLayer(context, { archive, keep }, layer));
  }
  return await storeImage(context, { configBytes, layers, names });
}

/** A digest as a name would claim that a registry gave this image out. */
function checkedTag(name: string): ReturnType<typeof parseReference> {
  const reference = parseReference(name);
  if (reference.digest === undefined) return reference;
  throw new DomainError('invalid', `"${shortened(name)}" in the archive is not a tag`);
}
