import { DomainError } from '../../base/error.ts';
import { shortened } from '../digest.ts';
import type { Image } from '../image.ts';
import type { Context } from '../operation/context.ts';
import { explainDiskError } from '../pull/disk-error.ts';
import { loadDockerArchive } from './load-docker.ts';
import { loadLayout } from './load-layout.ts';
import { openArchive } from './open-archive.ts';

/**
 * Loads all images of an archive: an OCI layout or what `docker save` writes, compressed or not.
 * Only names that the archive gives in full become names here. Throws DomainError `notFound`,
 * `invalid`, `unsupported`.
 */
export async function loadImages(context: Context, path: string): Promise<readonly Image[]> {
  try {
    await using archive = await openArchive(context, path);
    const { index } = archive;
    // Newer Docker writes both tables; its own has the names, and the same images.
    if (index.find('manifest.json') !== undefined) return await loadDockerArchive(context, index);
    if (index.find('index.json') !== undefined) return await loadLayout(context, index);
  } catch (error) {
    throw explainDiskError(error, context.state.root);
  }
  throw new DomainError('invalid', `"${shortened(path)}" is not an archive of images`);
}
