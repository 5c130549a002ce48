import { DomainError } from '../../base/error.ts';
import { shortened } from '../digest.ts';
import type { Image } from '../image.ts';
import { parseConfigDocument } from '../image-config.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { packLayer, type OwnerMappings } from '../layer/pack.ts';
import { parseManifest, type Descriptor } from '../manifest.ts';
import { explainDiskError } from '../pull/disk-error.ts';
import type { ImageRecord } from '../store/image-record.ts';
import { applyChanges } from './change.ts';
import { digestsOf } from './collect.ts';
import type { Context } from './context.ts';
import { newName } from './new-name.ts';
import { storeImage } from './store-image.ts';
import { storeLayer, type StoredLayer } from './store-layer.ts';

export interface CommitOptions {
  readonly name?: string;
  readonly changes?: readonly string[];
  readonly comment?: string;
  /** Of the container's user namespace: in the image its files belong to whom they do inside. */
  readonly owners?: OwnerMappings;
}

/**
 * Makes an image from what a container wrote, on top of its image's layers. The container may go
 * on: what it changes meanwhile is in the image or not, as with `docker commit --pause=false`.
 */
export async function commitImage(
  context: Context,
  snapshotId: string,
  { name, changes = [], comment = '', owners }: CommitOptions,
): Promise<Image> {
  const names = newName(name);
  const snapshot = context.snapshots.find(snapshotId);
  const source = context.snapshots.records.get(snapshotId);
  if (snapshot === undefined || source === undefined) {
    throw new DomainError('notFound', `Container "${shortened(snapshotId)}" has no snapshot`);
  }
  using keep = new DisposableStack();
  const parent = context.images.get(source.imageId);
  keep.use(context.leases.hold(digestsOf(parent)));
  const below = await layersOf(context, parent);
  const base = parseConfigDocument(await context.blobs.read(parent.id)).document;
  const oldConfig = isJsonObject(base['config']) ? base['config'] : {};
  const config = applyChanges(oldConfig, changes);
  try {
    const input = { source: packLayer(snapshot.upper, owners), parents: source.chainIds };
    const layer = await storeLayer(context, input, keep);
    const document = documentAbove(base, { layer, config, comment, changes });
    const configBytes = Buffer.from(JSON.stringify(document));
    const layers = [...below, layer.descriptor];
    return await storeImage(context, { configBytes, layers, names });
  } catch (error) {
    throw explainDiskError(error, context.state.root);
  }
}

async function layersOf(context: Context, parent: ImageRecord): Promise<readonly Descriptor[]> {
  const bytes = await context.blobs.read(parent.manifest.digest);
  const manifest = parseManifest(bytes, parent.manifest.mediaType);
  return manifest.kind === 'manifest' ? manifest.layers : [];
}

interface Addition {
  readonly layer: StoredLayer;
  readonly config: JsonObject;
  readonly comment: string;
  readonly changes: readonly string[];
}

function documentAbove(base: JsonObject, { layer, config, comment, changes }: Addition): object {
  const created = new Date().toISOString();
  const rootfs = isJsonObject(base['rootfs']) ? base['rootfs'] : {};
  const diffIds = Array.isArray(rootfs['diff_ids']) ? rootfs['diff_ids'] : [];
  const history = Array.isArray(base['history']) ? base['history'] : [];
  const entry = { created, created_by: ['commit', ...changes].join('\n'), comment };
  return {
    ...base,
    created,
    config,
    rootfs: { type: 'layers', diff_ids: [...diffIds, layer.diffId] },
    history: [...history, entry],
  };
}
