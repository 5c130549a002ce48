import { readDecompressed } from '../archive/open-archive.ts';
import { DomainError, hasCode } from '../../base/error.ts';
import { shortened } from '../digest.ts';
import type { Image } from '../image.ts';
import { explainDiskError } from '../pull/disk-error.ts';
import { hostPlatform } from '../platform.ts';
import { applyChanges } from './change.ts';
import type { Context } from './context.ts';
import { newName } from './new-name.ts';
import { storeImage } from './store-image.ts';
import { storeLayer } from './store-layer.ts';

export interface ImportOptions {
  readonly name?: string;
  readonly changes?: readonly string[];
}

/** Makes an image with one layer from a root file system's tar, compressed or not. */
export async function importImage(
  context: Context,
  path: string,
  { name, changes = [] }: ImportOptions,
): Promise<Image> {
  const names = newName(name);
  const config = applyChanges({}, changes);
  using keep = new DisposableStack();
  try {
    const layer = await storeLayer(context, { source: readDecompressed(path), parents: [] }, keep);
    const created = new Date().toISOString();
    const { os, architecture } = hostPlatform();
    const document = {
      created,
      architecture,
      os,
      config,
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created, comment: 'Imported from a root file system' }],
    };
    const configBytes = Buffer.from(JSON.stringify(document));
    return await storeImage(context, { configBytes, layers: [layer.descriptor], names });
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      throw new DomainError('notFound', `There is no file "${shortened(path)}"`);
    }
    throw explainDiskError(error, context.state.root);
  }
}
