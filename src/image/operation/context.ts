import type { Logger } from '../../base/log.ts';
import type { Image } from '../image.ts';
import type { Unpacker } from '../layer/layer.ts';
import type { LayerProgress } from '../image-service.ts';
import type { SharedWork } from '../pull/shared-work.ts';
import type { Transport } from '../registry/transport.ts';
import type { ImageSettings } from '../settings.ts';
import type { BlobStore } from '../store/blob-store.ts';
import type { Exclusive } from '../store/exclusive.ts';
import type { ImageStore } from '../store/image-store.ts';
import type { LayerStore } from '../store/layer-store.ts';
import type { Leases } from '../store/leases.ts';
import type { SnapshotStore } from '../store/snapshot-store.ts';
import type { StateFolder } from '../store/state-folder.ts';

/** What the operations on one state folder share. */
export interface Context {
  readonly settings: ImageSettings;
  readonly state: StateFolder;
  readonly images: ImageStore;
  readonly layers: LayerStore;
  readonly blobs: BlobStore;
  readonly snapshots: SnapshotStore;
  readonly leases: Leases;
  readonly unpacker: Unpacker;
  readonly transport: Transport;
  /** Changes of records and removals, one after the other. */
  readonly exclusive: Exclusive;
  readonly pulls: SharedWork<LayerProgress, Image>;
  readonly layerPulls: SharedWork<LayerProgress, void>;
  readonly log: Logger;
}
