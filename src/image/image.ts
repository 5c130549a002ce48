/** `sha256:` and 64 hexadecimal digits. */
export type Digest = `sha256:${string}`;

/** One image as the store knows it. Its id is the digest of its configuration. */
export interface Image {
  readonly id: Digest;
  /** Full references with tags, `docker.io/library/busybox:latest`. */
  readonly repoTags: readonly string[];
  /** Full references with manifest digests. */
  readonly repoDigests: readonly string[];
  /** Bytes that its unpacked layers take. */
  readonly sizeBytes: number;
  readonly createdAtMs: number;
  /** Never removed by garbage collection. */
  readonly pinned: boolean;
  /** Bottom first, as in the configuration's rootfs.diff_ids; chain ids name the layer folders. */
  readonly diffIds: readonly Digest[];
  readonly config: ImageConfig;
}

/**
 * The part of an OCI image configuration that a container is made from. It is untrusted: every
 * host-side effect derived from it is bounded and checked where it happens.
 */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly user: string;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir: string;
  readonly stopSignal: string;
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}
