import type { Digest } from '../image.ts';

/** How a layer's blob is compressed. `auto` goes by its first bytes, as registries often lie. */
export type Compression = 'auto' | 'none' | 'gzip' | 'zstd';

/** Bounds for one layer; each has a default in `src/base/limits.ts`. */
export interface LayerLimits {
  /** Entries of the archive, of any kind, and folders made for them. */
  readonly entries: number;
  /** Folders above an entry. */
  readonly depth: number;
  /** Bytes of the uncompressed archive, and of all its files with their holes. */
  readonly bytes: number;
  /** Uncompressed bytes for each compressed one; asked only above `freeBytes`. */
  readonly expansion: number;
  /** So many uncompressed bytes are never taken for a bomb. */
  readonly freeBytes: number;
}

export interface UnpackOptions {
  /** Absolute path of an existing, empty folder: it becomes the layer's root. The caller's. */
  readonly folder: string;
  /** `auto` by default. */
  readonly compression?: Compression;
  /** The lowest layer has nothing beneath that a whiteout could hide, so none are made. */
  readonly lowest?: boolean;
  /** What `finish` checks the stream against. */
  readonly blobDigest?: Digest;
  readonly diffId?: Digest;
  /** Refuses archives with device nodes; whiteouts are made all the same. */
  readonly refuseDevices?: boolean;
  readonly limits?: Partial<LayerLimits>;
}

export interface UnpackResult {
  /** SHA-256 of the blob as it was written. */
  readonly blobDigest: Digest;
  /** SHA-256 of the uncompressed archive. */
  readonly diffId: Digest;
  readonly compression: Exclude<Compression, 'auto'>;
  readonly compressedBytes: number;
  /** Size of the uncompressed archive. */
  readonly archiveBytes: number;
  /** Bytes of file content that were written: what the layer takes on disk. */
  readonly unpackedBytes: number;
  readonly entries: number;
  /**
   * Folders that the archive left out but put something into, below the root; one character a
   * byte. They have mode 0755 and are root's; `adoptFolders` gives them what lower layers say.
   */
  readonly impliedFolders: readonly string[];
  /**
   * The archive hides all of the lower layers. overlayfs cannot do that for the root itself, so
   * leave them out of the mount.
   */
  readonly hidesLowers: boolean;
}

/**
 * One layer on its way to disk. A worker thread does the work; this end only feeds it.
 * Nothing is synced to disk: call syncfs once for a whole pull, before its record is written.
 */
export interface LayerUnpack {
  /**
   * Takes a part of the blob, in order; resolves when there is room for the next: awaiting it is
   * the back-pressure. The bytes are copied: the caller may use the buffer again at once. Rejects
   * as `finish` does when the layer was found bad; then nothing more needs to be written.
   */
  write(chunk: Uint8Array): Promise<void>;
  /** No more bytes come. Rejects with DomainError `invalid` (bad layer), or KernelError (disk). */
  finish(): Promise<UnpackResult>;
  /** Stops and resolves when no thread touches the folder any more. May be called at any time. */
  abort(): Promise<void>;
}

/** A bounded pool of threads; each unpacks one layer at a time. Further layers wait their turn. */
export interface Unpacker {
  /** How many layers are unpacked at once. */
  readonly size: number;
  /** Returns at once; the first write resolves when a thread is free. */
  open(options: UnpackOptions): LayerUnpack;
  /** Aborts what is under way and ends the threads. */
  close(): Promise<void>;
}
