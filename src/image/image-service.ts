import type { ImageSettings } from './settings.ts';
import type { Digest, Image } from './image.ts';
import type { OwnerMappings } from './layer/pack.ts';
import type { Snapshot } from './snapshot.ts';

/** User name and password, or a token, for one registry; never logged. */
export interface RegistryCredentials {
  readonly username?: string;
  readonly password?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
}

export interface PullOptions {
  readonly credentials?: RegistryCredentials;
  /** `linux/amd64`, `linux/arm64/v8`; the machine's own by default. */
  readonly platform?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LayerProgress) => void;
}

/** What a progress bar shows of one blob. */
export interface LayerProgress {
  readonly digest: Digest;
  readonly step: 'waiting' | 'exists' | 'downloading' | 'unpacking' | 'uploading' | 'done';
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface RemoveOptions {
  /** Also when containers use it (they keep their layers), or several repositories name its id. */
  readonly force?: boolean;
  /** The image with all its tags, by whichever name it was given; as the CRI's RemoveImage. */
  readonly all?: boolean;
}

/** What a removal did, in Docker's words. */
export interface Removal {
  readonly untagged: readonly string[];
  readonly deleted: readonly Digest[];
}

export interface DiskUse {
  readonly images: readonly {
    readonly id: Digest;
    readonly sharedBytes: number;
    readonly uniqueBytes: number;
  }[];
  readonly snapshots: readonly { readonly id: string; readonly bytes: number }[];
  /** All layers, kept blobs and documents, each counted once. */
  readonly totalBytes: number;
  readonly reclaimableBytes: number;
}

export interface HistoryEntry {
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly comment: string;
  readonly sizeBytes: number;
  readonly emptyLayer: boolean;
}

/**
 * Images of one state folder. All names are given as people write them (short names, tags, digests,
 * ids and unambiguous id prefixes). Throws DomainError: notFound, invalid, unavailable (registry),
 * conflict (in use, ambiguous id).
 */
export interface ImageService {
  /** Other settings from now on; pulls under way keep those that they began with. */
  reconfigure(settings: ImageSettings): void;
  /** Pulls and unpacks; equal pulls at once share the work. Resolves when the image can run. */
  pull(name: string, options?: PullOptions): Promise<Image>;
  push(name: string, options?: PullOptions): Promise<Digest>;
  find(name: string): Image | undefined;
  list(): readonly Image[];
  tag(source: string, target: string): Promise<void>;
  /** Removes one tag, or by id the image with all its tags; frees what nobody else uses. */
  remove(name: string, options?: RemoveOptions): Promise<Removal>;
  /** Writes an archive to a descriptor or path; `oci` is a tar of an OCI layout. */
  save(names: readonly string[], target: { path: string; format: 'oci' | 'docker' }): Promise<void>;
  load(path: string): Promise<readonly Image[]>;
  /** A flat tar of a root file system becomes an image with one layer. */
  import(path: string, options: { name?: string; changes?: readonly string[] }): Promise<Image>;
  history(name: string): Promise<readonly HistoryEntry[]>;
  /** A new image from a container's writable folder on top of its image. */
  commit(
    snapshotId: string,
    options: {
      name?: string;
      changes?: readonly string[];
      comment?: string;
      /** Of a user namespace: in the image files belong to whom they do inside. */
      owners?: OwnerMappings;
    },
  ): Promise<Image>;
  /** What a container changed against its image. */
  diff(snapshotId: string): Promise<readonly { path: string; kind: 'A' | 'C' | 'D' }[]>;

  /** Makes the writable folders for one container; records them before they exist. */
  createSnapshot(imageId: Digest, containerId: string): Promise<Snapshot>;
  findSnapshot(containerId: string): Snapshot | undefined;
  /** The ids of all containers with a snapshot, also of those whose record is damaged. */
  listSnapshots(): readonly string[];
  /** Removes the writable folders; succeeds when they are gone already. */
  releaseSnapshot(containerId: string): Promise<void>;
  /** Bytes and inodes of a container's writable folder. */
  snapshotUse(containerId: string): Promise<{ bytes: number; inodes: number }>;

  diskUse(): Promise<DiskUse>;
  /**
   * Removes images without a tag that no container uses (all unused ones with `all`), and what
   * interrupted pulls left.
   */
  prune(options?: {
    readonly all?: boolean;
  }): Promise<{ removed: readonly Digest[]; freedBytes: number }>;
  close(): Promise<void>;
}
