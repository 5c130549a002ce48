/**
 * What a pod's sandboxes and containers carry in the runtime, in the words that CRI tools know. The
 * kubelet keeps no state besides: whoever starts next reads this.
 */
export const label = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
} as const;

export const annotation = {
  /** Of what a running container cannot change: name and image. */
  hash: 'io.kubernetes.container.hash',
  restartCount: 'io.kubernetes.container.restartCount',
  messagePath: 'io.kubernetes.container.terminationMessagePath',
  messagePolicy: 'io.kubernetes.container.terminationMessagePolicy',
  preStop: 'io.kubernetes.container.preStopHandler',
  graceSeconds: 'io.kubernetes.pod.terminationGracePeriod',
  /** How long after its end the next attempt waits, in seconds. */
  backOffSeconds: 'keelson.io/back-off-seconds',
  role: 'keelson.io/container-role',
  source: 'kubernetes.io/config.source',
  configHash: 'kubernetes.io/config.hash',
  mirror: 'kubernetes.io/config.mirror',
} as const;
