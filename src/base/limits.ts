/** Every bound in one place. Sizes in bytes, times in milliseconds. */
export const limits = {
  /** A state file or any JSON document of our own. */
  stateFileBytes: 4 * 1024 * 1024,
  /** An image manifest or index (distribution spec: registries refuse more than 4 MiB). */
  manifestBytes: 4 * 1024 * 1024,
  /** An image configuration. */
  imageConfigBytes: 8 * 1024 * 1024,
  /** A file such as /etc/passwd, read inside an image. */
  imageFileBytes: 10 * 1024 * 1024,
  /** One stream of an ExecSync answer. */
  execSyncBytes: 16 * 1024 * 1024,
  /** One message between the runtime and a shim; larger plans travel as a memfd. */
  shimMessageBytes: 64 * 1024,
  /** A container's plan. */
  planBytes: 8 * 1024 * 1024,
  /** One gRPC message that the runtime accepts, as the kubelet accepts of it. */
  grpcMessageBytes: 16 * 1024 * 1024,
  /** Until a cgroup is empty, frozen or thawed. */
  cgroupStateMs: 10_000,
  /** Rules of one device filter. */
  deviceRules: 1024,
  /** One netlink request or transaction; a map of 30,000 elements takes about 3 MiB. */
  netlinkRequestBytes: 64 * 1024 * 1024,
  /** How long the kernel may take to answer a netlink request; deletes wait for RCU. */
  netlinkAnswerMs: 30_000,
  /** Requests that wait for one netlink connection. */
  netlinkQueue: 10_000,
  /** How often a dump that the kernel calls inconsistent is begun again. */
  netlinkDumpAttempts: 30,
  /** Multicast events read ahead of the consumer; the kernel keeps the rest, or overruns. */
  netlinkEvents: 4096,
  /** A netlink socket's receive buffer. */
  netlinkReceiveBytes: 4 * 1024 * 1024,
  /** A key of the store, and a value (etcd refuses more than 1.5 MiB of request by default). */
  storeKeyBytes: 1024,
  storeValueBytes: 1_500_000,
  /** Writes that wait for the disk; more are refused. */
  storeQueueWrites: 20_000,
  storeQueueBytes: 64 * 1024 * 1024,
  /** Recent changes kept in memory for watches. */
  storeRecentChanges: 20_000,
  storeRecentBytes: 64 * 1024 * 1024,
  /** Changes that wait for one watch's reader. */
  storeBacklogChanges: 20_000,
  storeBacklogBytes: 32 * 1024 * 1024,
  /** Watches open at once. */
  storeWatches: 100_000,
  /** Entries of one page of a list, and its bytes, whatever was asked for. */
  storePageEntries: 10_000,
  storePageBytes: 32 * 1024 * 1024,
} as const;
