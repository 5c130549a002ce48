/**
 * Where a container's root file system lies: the value between `image` and `container`.
 * The image store makes it and keeps its folders until `releaseSnapshot`; the container's first
 * program mounts it as an overlay, in the container's own mount namespace.
 */
export interface Snapshot {
  /** The container that owns the writable folders. */
  readonly id: string;
  /** Absolute folders of the unpacked layers, topmost first; shared and read-only. */
  readonly layers: readonly string[];
  /** The writable folder, and the folder that overlayfs works in; both on one file system. */
  readonly upper: string;
  readonly work: string;
}
