/** Every bound in one place. Sizes in bytes, times in milliseconds. */
export const limits = {
  /** Lines of our own log that cannot be written for now. */
  logBacklogBytes: 256 * 1024,
  /** A state file or any JSON document of our own. */
  stateFileBytes: 4 * 1024 * 1024,
  /** An image manifest or index (distribution spec: registries refuse more than 4 MiB). */
  manifestBytes: 4 * 1024 * 1024,
  /** An image configuration. */
  imageConfigBytes: 8 * 1024 * 1024,
  /** Layers of one image: overlayfs stacks 500. */
  imageLayers: 500,
  /** Layers of a pull that was interrupted so long ago are not waited for any more. */
  pullLeftoverMs: 24 * 3600 * 1000,
  /** Images in one archive, and bytes of an archive after decompression. */
  archiveImages: 1000,
  archiveBytes: 256 * 1024 * 1024 * 1024,
  /** A file such as /etc/passwd, read inside an image. */
  imageFileBytes: 10 * 1024 * 1024,
  /** One extended header of a tar archive (pax, GNU long name), or a sparse map as text. */
  tarExtensionBytes: 1024 * 1024,
  /** Parts of one sparse file in an archive. */
  tarExtents: 65_536,
  /** A path in an archive, and one name in it (PATH_MAX and NAME_MAX). */
  tarPathBytes: 4096,
  tarNameBytes: 255,
  /** Attributes of one entry, and bytes of one value (XATTR_SIZE_MAX). */
  tarXattrs: 256,
  xattrBytes: 65_536,
  /** One layer: see LayerLimits. No gzip blob expands by more than 1,032. */
  layerEntries: 1_000_000,
  layerDepth: 255,
  layerBytes: 256 * 1024 * 1024 * 1024,
  layerExpansion: 1100,
  layerFreeBytes: 1024 * 1024 * 1024,
  /** Entries of a saved image's archive, which holds blobs and no files of images. */
  archiveEntries: 100_000,
  /** Bytes between a pull and the thread that unpacks; a power of two. */
  layerRingBytes: 1024 * 1024,
  /** A layer whose next byte does not come. Pulls give up long before. */
  layerStallMs: 15 * 60_000,
  /** An unpacking thread without work ends. */
  layerThreadIdleMs: 5000,
  /** JavaScript memory of one such thread. */
  layerThreadHeapBytes: 96 * 1024 * 1024,
  layerThreadYoungBytes: 6 * 1024 * 1024,
  /** History that a compressed layer may refer back to: what zstd takes without --long. */
  zstdWindowBytes: 128 * 1024 * 1024,
  /** An ExecSync answer, which clients bound too. */
  execSyncBytes: 16 * 1024 * 1024,
  /** One message between the runtime and a shim; larger plans travel as a memfd. */
  shimMessageBytes: 64 * 1024,
  /** Messages that wait for a socket's other end to read. */
  socketQueue: 1024,
  /** An attached client that takes nothing while the program waits to write. */
  attachPatienceMs: 30_000,
  /** Requests that wait for one container's worker. */
  containerQueue: 64,
  /** Events that wait for one listener. */
  eventQueue: 4096,
  /** Waiting for the processes of a killed container to be gone. */
  killTimeoutMs: 10_000,
  /**
   * A shim's answer to what takes it no time; to what it makes, hooks and mounts included; and to
   * anything while it has let a time pass without a word.
   */
  shimAnswerMs: 10_000,
  shimWorkMs: 120_000,
  shimSilentMs: 1000,
  /** Until a shim has reaped what was killed. */
  reapTimeoutMs: 1000,
  /** What is kept of a failed hook's words. */
  hookComplaintBytes: 500,
  /** An answer on D-Bus, and a job of systemd. */
  dbusAnswerMs: 10_000,
  dbusJobMs: 30_000,
  /** A command line of keelson-oci, and a bundle's config.json. */
  ociRequestBytes: 4 * 1024 * 1024,
  ociConfigBytes: 16 * 1024 * 1024,
  /** Clients of keelson-oci at once; the rest wait in the socket's queue. */
  ociClients: 256,
  /** Commands under way when the runtime ends. */
  ociCloseMs: 5000,
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
  /** A request's body, and how deep its JSON may be; as Kubernetes bounds them. */
  apiBodyBytes: 3 * 1024 * 1024,
  apiBodyDepth: 1000,
  /** Connections to the API, those that ask for nothing included. */
  apiConnections: 20_000,
  /** A client's time for TLS, for a request's headers, for all of a request, between requests. */
  apiHandshakeMs: 20_000,
  /** How often connections are looked at for it. */
  apiCheckMs: 2000,
  apiHeaderMs: 20_000,
  apiRequestMs: 60_000,
  apiIdleMs: 180_000,
  apiHeaderBytes: 32 * 1024,
  /** A token, and tokens that are not checked anew with each request. */
  apiTokenBytes: 16 * 1024,
  apiRememberedTokens: 10_000,
  /** Requests served at a time, those that change something and the others; as Kubernetes has. */
  apiReads: 400,
  apiWrites: 200,
  /** A client's time to take an answer that is complete. */
  apiAnswerMs: 60_000,
  /** Audit events that wait for the disk, and files that are kept besides the one in use. */
  auditAnswerBytes: 1024 * 1024,
  auditWaitingBytes: 16 * 1024 * 1024,
  auditFiles: 10,
  /** Groups and other words about whom a request wants to be. */
  apiImpersonatedWords: 256,
  /** Objects in one page of a list, whatever the client asks for. */
  apiPageObjects: 10_000,
  /** How long a list or watch waits for a revision that is not there yet. */
  apiRevisionWaitMs: 3000,
  /** Waiting for another coordinator's write that has to be alone. */
  apiTurnMs: 30_000,
  /** A watch that its client does not bound ends after so long, at random from the half on. */
  apiWatchMs: 60 * 60 * 1000,
  /** How often a quiet watch tells how far it has come. */
  apiBookmarkMs: 60_000,
  /** How long a watch gathers changes after a write, when very many watch. */
  apiWatchPaceMs: 60,
  /** A client of the API: connections, the time to connect, to an answer, without a bookmark. */
  clientConnections: 64,
  clientDialMs: 10_000,
  /** Silence after which TCP asks whether the server is there, ten times in as many seconds. */
  clientKeepAliveMs: 5000,
  clientAnswerMs: 60_000,
  clientSilenceMs: 150_000,
  /** What it reads as one answer, and as one event of a watch. */
  clientAnswerBytes: 256 * 1024 * 1024,
  clientEventBytes: 8 * 1024 * 1024,
  /** Requests that are passed on to kubelets and pods at once, and how long one is dialled. */
  apiPassedOn: 10_000,
  apiDialMs: 10_000,
  /** Kubelets whose counters are read at once, how long one may take, and how much it may say. */
  apiMeteredNodes: 64,
  apiMeterMs: 10_000,
  apiMeterBytes: 16 * 1024 * 1024,
  /** Waiting for a kubelet that has no certificate of the cluster yet. */
  apiCertificateMs: 5000,
  /** How long an event is kept after its last word, and how often the old ones are removed. */
  apiEventMs: 60 * 60 * 1000,
  apiEventSweepMs: 60_000,
  /** How long a part of the control plane may take to say that it is well. */
  apiHealthMs: 2000,
  /** Writes of the scheduler that wait for the server's answer. */
  schedulerWrites: 512,
  /** A backup that is sent to be restored. */
  storeBackupBytes: 64 * 1024 * 1024 * 1024,
  /** Writes that wait for the disk; more are refused. */
  storeQueueWrites: 20_000,
  storeQueueBytes: 64 * 1024 * 1024,
  /** Recent changes kept in memory for watches. */
  storeRecentChanges: 20_000,
  storeRecentBytes: 32 * 1024 * 1024,
  /** Changes that wait for one watch's reader. */
  storeBacklogChanges: 20_000,
  storeBacklogBytes: 16 * 1024 * 1024,
  /** Watches open at once. */
  storeWatches: 100_000,
  /** Entries of one page of a list, and its bytes, whatever was asked for. */
  storePageEntries: 10_000,
  storePageBytes: 32 * 1024 * 1024,
  /** Changes of one key that its history tells, however many are kept. */
  storeHistoryChanges: 1000,
  /** One message from or to etcd, and how long an answer may take. */
  storeMessageBytes: 64 * 1024 * 1024,
  storeAnswerMs: 10_000,
  /** A CNI configuration, or a plugin's answer. */
  cniDocumentBytes: 1024 * 1024,
  /** All plugins of one ADD or DEL together; the kubelet waits four minutes for a pod. */
  cniCallMs: 90_000,
  /** Calls of CNI plugins that the resident runtime serves at once, and that wait. */
  cniCalls: 64,
  cniQueue: 2048,
  /** What is kept of a CNI plugin's stderr. */
  cniErrorBytes: 16 * 1024,
  /** Changes to the host that one part has on record. */
  ledgerEntries: 10_000,
  /** Calls of Exec, Attach and PortForward that wait for their client, and for how long. */
  streamTokens: 1000,
  streamTokenMs: 60_000,
  /** Connections to the streaming server, those that ask for nothing included. */
  streamConnections: 1024,
  /** Until a streaming client has made its request, and that request's size. */
  streamHandshakeMs: 10_000,
  streamRequestBytes: 16 * 1024,
  /** Silence after which TCP asks whether the other end is there. */
  streamKeepAliveMs: 30_000,
  /** Ports of one PortForward call, which only WebSocket channels need. */
  forwardPorts: 64,
  /** Connections into pods that are being made, and the time for one. */
  forwardDials: 256,
  forwardDialMs: 5000,
  /** A SPDY control frame, and the headers in one after decompression. */
  spdyFrameBytes: 16 * 1024,
  spdyHeaderBytes: 16 * 1024,
  spdyHeaders: 64,
  /** Streams open at once on one SPDY connection; a forwarded connection has two. */
  spdyStreams: 1024,
  /** Connections of scrapers and probes, the time for a request, and an idle connection's. */
  monitorConnections: 64,
  monitorRequestMs: 10_000,
  monitorIdleMs: 5000,
  /** Spans that wait for the collector, that go in one request, and the time until they go. */
  traceQueue: 4096,
  traceBatch: 512,
  traceIntervalMs: 2000,
  /** One request to the collector, what is read of its answer, and the last one at the end. */
  traceSendMs: 10_000,
  traceAnswerBytes: 64 * 1024,
  traceCloseMs: 1000,
  /** criu's check of the kernel. */
  criuCheckMs: 10_000,
  /** A checkpoint whose caller does not say. */
  checkpointMs: 120_000,
  /** A dump whose runtime was killed, before its containers are let go on all the same. */
  checkpointLeftMs: 20_000,
  /** A document in a checkpoint, and criu's log. */
  checkpointDocumentBytes: 16 * 1024 * 1024,
  /** One check of the runtime's health. */
  healthCheckMs: 3000,
  /** What one stream buffers before its connection is read no further. */
  streamBufferBytes: 256 * 1024,
  /** One WebSocket message, which is gathered whole. */
  webSocketMessageBytes: 4 * 1024 * 1024,
  /** Until a client of WebSocket that was let in has made its channels. */
  streamGreetMs: 10,
  /** A client's time to open its streams after it was let in. */
  streamCreateMs: 30_000,
  /** A client's time to tell its terminal's size before the program starts. */
  streamSizeMs: 50,
  /** Between heartbeats to an end that is not read for now, which show when it is gone. */
  streamHeartbeatMs: 1000,
  /** The other end's time to hear our last words. */
  streamLingerMs: 5000,
  /** A CRI runtime to the kubelet: an answer, unless it is told another; a pull; beside an exec. */
  runtimeAnswerMs: 120_000,
  runtimePullMs: 30 * 60_000,
  runtimeExecMarginMs: 10_000,
  /** A volume made of ConfigMaps, Secrets and the like: files, bytes, a path and a name in it. */
  volumeFiles: 8192,
  volumeFileBytes: 16 * 1024 * 1024,
  volumePathBytes: 4096,
  volumeNameBytes: 255,
  /** How deep a volume is measured and given to a group; each level is an open folder. */
  volumeDepth: 1000,
  /** How deep it is removed before folders are moved up. */
  volumeRemovalDepth: 64,
  /** Entries of a volume that are looked at before others have their turn. */
  volumeTurnEntries: 256,
  /** Connections to the kubelet, and answers about tokens and access that it remembers. */
  kubeletConnections: 2000,
  kubeletRememberedReviews: 4096,
  /** A client's time to make a request to the kubelet, and an idle connection's. */
  kubeletRequestMs: 60_000,
  kubeletIdleMs: 90_000,
  /** A command of `run`, and until the runtime's stream is connected. */
  kubeletRunSeconds: 120,
  kubeletDialMs: 10_000,
  /** A DNS server's time for an answer, questions under way at once, and what is remembered. */
  dnsUpstreamMs: 2000,
  dnsQuestions: 1000,
  dnsCacheEntries: 20_000,
  dnsCacheBytes: 16 * 1024 * 1024,
  /** Questions of one client under way, a second, and clients that are kept apart. */
  dnsClientQuestions: 200,
  dnsClientRate: 5000,
  dnsClients: 10_000,
  /** DNS over TCP: connections, those of one client, a quiet one's time. */
  dnsConnections: 512,
  dnsClientConnections: 32,
  dnsIdleMs: 10_000,
  /** What is kept on disk of the cluster's names. */
  dnsRecordBytes: 64 * 1024 * 1024,
} as const;
