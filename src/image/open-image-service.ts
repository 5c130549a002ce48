import { openLog, type Logger } from '../base/log.ts';
import { DomainError } from '../base/error.ts';
import { loadImages } from './archive/load.ts';
import { saveImages } from './archive/save.ts';
import type { ImageService, LayerProgress } from './image-service.ts';
import type { Digest, Image } from './image.ts';
import { diffFolder } from './layer/diff.ts';
import { createUnpacker } from './layer/unpack.ts';
import type { Context } from './operation/context.ts';
import { collectOldLeftovers } from './operation/collect.ts';
import { commitImage } from './operation/commit.ts';
import { diskUse } from './operation/disk-use.ts';
import { imageHistory } from './operation/history.ts';
import { importImage } from './operation/import.ts';
import { pruneImages } from './operation/prune.ts';
import { pushImage } from './operation/push.ts';
import { removeImage } from './operation/remove.ts';
import { withPin } from './pinned.ts';
import { pullImage } from './pull/pull-image.ts';
import { shareWork } from './pull/shared-work.ts';
import { parseReference } from './reference.ts';
import { openTransport } from './registry/transport.ts';
import { defaultImageSettings, type ImageSettings } from './settings.ts';
import type { Snapshot } from './snapshot.ts';
import { openBlobStore } from './store/blob-store.ts';
import { makeExclusive } from './store/exclusive.ts';
import { openImageStore, storedName } from './store/image-store.ts';
import { openLayerStore } from './store/layer-store.ts';
import { makeLeases } from './store/leases.ts';
import { openSnapshotStore } from './store/snapshot-store.ts';
import { openStateFolder } from './store/state-folder.ts';
import { treeUse } from './store/tree-use.ts';

export interface ImageServiceOptions extends Partial<ImageSettings> {
  /** `/var/lib/keelson/images`; made if it is missing. For one process at a time. */
  readonly stateFolder: string;
  readonly log?: Logger;
}

/**
 * Opens the images of a state folder, and removes what a killed process left half done. Throws
 * DomainError `conflict` when another process has the folder open.
 */
export async function openImageService(options: ImageServiceOptions): Promise<ImageService> {
  const { stateFolder, log = openLog('image'), ...settings } = options;
  const state = await openStateFolder(stateFolder, log);
  const layers = await openLayerStore(state);
  let current: ImageSettings = { ...defaultImageSettings, ...settings };
  const context: Context = {
    // What is under way keeps the settings that it began with.
    get settings() {
      return current;
    },
    state,
    layers,
    blobs: openBlobStore(state),
    images: openImageStore(state, (chainId) => layers.has(chainId)),
    snapshots: await openSnapshotStore(state, layers),
    leases: makeLeases(),
    unpacker: createUnpacker(),
    transport: openTransport(() => current),
    exclusive: makeExclusive(),
    pulls: shareWork<LayerProgress, Image>(({ digest }) => digest),
    layerPulls: shareWork<LayerProgress, void>(({ digest }) => digest),
    log,
  };
  await context.exclusive(() => collectOldLeftovers(context));
  return makeService(context, (next) => (current = next));
}

function makeService(
  context: Context,
  reconfigure: (settings: ImageSettings) => void,
): ImageService {
  const { images, snapshots } = context;
  const shown = (image: Image): Image => withPin(context.settings.pinned, image);
  return {
    reconfigure,
    pull: async (name, options) => shown(await pullImage(context, name, options)),
    find(name) {
      const record = images.find(name);
      const image = record === undefined ? undefined : images.imageOf(record.id);
      return image === undefined ? undefined : shown(image);
    },
    list: () => images.list().map(shown),
    tag: (source, target) => tagImage(context, source, target),
    remove: (name, options) => removeImage(context, name, options),
    push: (name, options) => pushImage(context, name, options),
    save: (names, target) => saveImages(context, names, target),
    load: (path) => loadImages(context, path),
    import: (path, options) => importImage(context, path, options),
    commit: (snapshotId, options) => commitImage(context, snapshotId, options),
    async diff(snapshotId) {
      const snapshot = snapshots.find(snapshotId);
      if (snapshot === undefined) throw noSnapshot(snapshotId);
      return diffFolder(snapshot.upper, snapshot.layers);
    },
    history: (name) => imageHistory(context, name),
    createSnapshot: (imageId, containerId) => createSnapshot(context, imageId, containerId),
    findSnapshot: (containerId) => snapshots.find(containerId),
    listSnapshots: () => snapshots.ids(),
    releaseSnapshot: (containerId) => snapshots.release(containerId),
    async snapshotUse(containerId) {
      const snapshot = snapshots.find(containerId);
      if (snapshot === undefined) throw noSnapshot(containerId);
      return await treeUse(snapshot.upper);
    },
    diskUse: () => diskUse(context),
    prune: (options) => pruneImages(context, options),
    close: () => closeService(context),
  };
}

async function tagImage(context: Context, source: string, target: string): Promise<void> {
  const reference = parseReference(target);
  if (reference.digest !== undefined) {
    throw new DomainError('invalid', `Cannot tag "${target}": a digest is not given, it is had`);
  }
  await context.exclusive(async () => {
    await context.images.setName(storedName(reference), context.images.get(source).id);
  });
}

async function createSnapshot(
  context: Context,
  imageId: Digest,
  containerId: string,
): Promise<Snapshot> {
  const record = context.images.get(imageId);
  const lowest = record.layers.findLastIndex(({ hidesLowers }) => hidesLowers === true);
  const chainIds = record.layers.slice(Math.max(lowest, 0)).map(({ chainId }) => chainId);
  // Held by the snapshot's record as soon as it is there, whatever becomes of the image.
  using _lease = context.leases.hold(chainIds);
  return await context.snapshots.create({ id: containerId, imageId: record.id, chainIds });
}

async function closeService(context: Context): Promise<void> {
  await Promise.all([context.pulls.close(), context.layerPulls.close()]);
  await context.transport.close();
  await context.unpacker.close();
  await context.exclusive(() => context.layers.close());
  await context.state.close();
}

function noSnapshot(containerId: string): DomainError {
  return new DomainError('notFound', `Container "${containerId}" has no snapshot`);
}
