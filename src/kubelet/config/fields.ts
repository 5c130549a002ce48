import { isList, isObject, type Json, textOf } from '../../api/json.ts';
import type { Taint } from '../../api/types/generated/core-v1.ts';
import {
  choice,
  duration,
  type Field,
  flag,
  ignored,
  mapping,
  readDuration,
  size,
  text,
  texts,
  unsupported,
  whole,
  wrong,
} from './field.ts';
import { section } from './section.ts';

const path = [/^(\/[^\0]*)?$/, 'an absolute path'] as const;
const port = (fallback: number) => whole(fallback, 0, 65_535);
const percent = (fallback: number) => whole(fallback, 0, 100);
const quantities = mapping({}, { read: readText });

export const evictionSignals = [
  'memory.available',
  'allocatableMemory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'containerfs.available',
  'containerfs.inodesFree',
  'pid.available',
] as const;

const thresholds = (fallback: Readonly<Record<string, string>>) =>
  mapping(fallback, { read: readText, keys: evictionSignals });

const eviction = {
  evictionHard: thresholds({
    'memory.available': '100Mi',
    'nodefs.available': '10%',
    'nodefs.inodesFree': '5%',
    'imagefs.available': '15%',
    'imagefs.inodesFree': '5%',
  }),
  evictionSoft: thresholds({}),
  evictionSoftGracePeriod: mapping({}, { read: readDuration, keys: evictionSignals }),
  evictionPressureTransitionPeriod: duration('5m0s'),
  evictionMaxPodGracePeriod: whole(0, 0),
  evictionMinimumReclaim: thresholds({}),
  mergeDefaultEvictionSettings: flag(false),
} as const;

const images = {
  registryPullQPS: unsupported(whole(5, 0)),
  registryBurst: unsupported(whole(10, 0)),
  serializeImagePulls: flag(true),
  maxParallelImagePulls: unsupported(whole(0, 0)),
  imageMinimumGCAge: duration('2m0s'),
  imageMaximumGCAge: duration('0s'),
  imageGCHighThresholdPercent: percent(85),
  imageGCLowThresholdPercent: percent(80),
  imagePullCredentialsVerificationPolicy: ignored('NeverVerifyPreloadedImages'),
  preloadedImagesVerificationAllowlist: ignored([]),
} as const;

const logs = {
  podLogsDir: text('/var/log/pods', /^\/[^\0]+$/, 'an absolute path'),
  containerLogMaxSize: size('10Mi'),
  containerLogMaxFiles: whole(5, 2),
  containerLogMaxWorkers: whole(1, 1),
  containerLogMonitorInterval: duration('10s'),
  logging: ignored({}),
  enableSystemLogHandler: ignored(true),
  enableSystemLogQuery: ignored(false),
} as const;

const server = {
  enableServer: flag(true),
  address: text('0.0.0.0'),
  port: port(10_250),
  readOnlyPort: unsupported(port(0)),
  healthzPort: port(10_248),
  healthzBindAddress: text('127.0.0.1'),
  tlsCertFile: text('', ...path),
  tlsPrivateKeyFile: text('', ...path),
  tlsCipherSuites: texts([]),
  tlsMinVersion: choice('', 'VersionTLS12', 'VersionTLS13'),
  tlsCurvePreferences: ignored([]),
  rotateCertificates: flag(false),
  serverTLSBootstrap: flag(false),
  authentication: section({
    x509: section({ clientCAFile: text('', ...path) }),
    webhook: section({ enabled: flag(true), cacheTTL: duration('2m0s') }),
    anonymous: section({ enabled: flag(false) }),
  }),
  authorization: section({
    mode: choice('Webhook', 'AlwaysAllow'),
    webhook: section({
      cacheAuthorizedTTL: duration('5m0s'),
      cacheUnauthorizedTTL: duration('30s'),
    }),
  }),
  enableDebuggingHandlers: flag(true),
  enableContentionProfiling: ignored(false),
  enableProfilingHandler: ignored(true),
  enableDebugFlagsHandler: ignored(true),
  streamingConnectionIdleTimeout: duration('4h0m0s'),
} as const;

const node = {
  registerNode: flag(true),
  registerWithTaints: taints(),
  providerID: text(''),
  podCIDR: text(''),
  nodeStatusUpdateFrequency: duration('10s'),
  nodeStatusReportFrequency: duration('5m0s'),
  nodeLeaseDurationSeconds: whole(40, 1),
  nodeStatusMaxImages: whole(50, -1),
  maxPods: whole(110, 0),
  podsPerCore: whole(0, 0),
  systemReserved: quantities,
  kubeReserved: quantities,
  enforceNodeAllocatable: unsupported(texts(['pods'])),
  systemReservedCgroup: unsupported(text('', ...path)),
  kubeReservedCgroup: unsupported(text('', ...path)),
  reservedSystemCPUs: unsupported(text('')),
  reservedMemory: ignored([]),
  enableControllerAttachDetach: ignored(true),
  shutdownGracePeriod: duration('0s'),
  shutdownGracePeriodCriticalPods: duration('0s'),
  shutdownGracePeriodByPodPriority: ignored([]),
  kubeAPIQPS: ignored(50),
  kubeAPIBurst: ignored(100),
  eventRecordQPS: ignored(50),
  eventBurst: ignored(100),
  contentType: ignored('application/vnd.kubernetes.protobuf'),
} as const;

const pods = {
  staticPodPath: text('', ...path),
  staticPodURL: unsupported(text('')),
  staticPodURLHeader: ignored({}),
  syncFrequency: duration('1m0s'),
  fileCheckFrequency: duration('20s'),
  httpCheckFrequency: ignored('20s'),
  clusterDomain: text(''),
  clusterDNS: texts([], /^[0-9a-fA-F.:]+$/),
  resolvConf: text('/etc/resolv.conf'),
  cgroupsPerQOS: flag(true),
  cgroupRoot: text(''),
  cgroupDriver: choice('cgroupfs', 'systemd'),
  kubeletCgroups: unsupported(text('')),
  systemCgroups: unsupported(text('')),
  qosReserved: ignored({}),
  podPidsLimit: whole(-1, -1, Number.MAX_SAFE_INTEGER),
  cpuCFSQuota: unsupported(flag(true)),
  cpuCFSQuotaPeriod: unsupported(duration('100ms')),
  cpuManagerPolicy: unsupported(choice('none', 'static')),
  cpuManagerPolicyOptions: ignored({}),
  cpuManagerReconcilePeriod: ignored('10s'),
  memoryManagerPolicy: unsupported(choice('None', 'Static')),
  topologyManagerPolicy: unsupported(text('none')),
  topologyManagerScope: unsupported(text('container')),
  topologyManagerPolicyOptions: ignored({}),
  memoryThrottlingFactor: ignored(0.9),
  memoryReservationPolicy: ignored('None'),
  memorySwap: section({ swapBehavior: unsupported(choice('', 'NoSwap', 'LimitedSwap')) }),
  failSwapOn: flag(true),
  failCgroupV1: flag(false),
  singleProcessOOMKill: ignored(null),
  seccompDefault: flag(false),
  allowedUnsafeSysctls: texts([]),
  runtimeRequestTimeout: duration('2m0s'),
  containerRuntimeEndpoint: text(''),
  imageServiceEndpoint: unsupported(text('')),
  configMapAndSecretChangeDetectionStrategy: unsupported(choice('Watch', 'Cache', 'Get')),
  crashLoopBackOff: section({ maxContainerRestartPeriod: unsupported(duration('5m0s')) }),
  userNamespaces: section({ idsPerPod: unsupported(whole(65_536, 65_536, 2 ** 32 - 1)) }),
  hairpinMode: ignored('promiscuous-bridge'),
  volumePluginDir: ignored('/usr/libexec/kubernetes/kubelet-plugins/volume/exec/'),
  volumeStatsAggPeriod: unsupported(duration('1m0s')),
  localStorageCapacityIsolation: flag(true),
  runOnce: unsupported(flag(false)),
} as const;

const process = {
  oomScoreAdj: whole(-999, -1000, 1000),
  maxOpenFiles: ignored(1_000_000),
  protectKernelDefaults: unsupported(flag(false)),
  kernelMemcgNotification: ignored(false),
  makeIPTablesUtilChains: ignored(true),
  iptablesMasqueradeBit: ignored(14),
  iptablesDropBit: ignored(15),
  featureGates: ignored({}),
  showHiddenMetricsForVersion: ignored(''),
  tracing: ignored({}),
} as const;

/** Every field of KubeletConfiguration v1beta1, with Kubernetes' defaults. */
export const configurationFields = {
  ...server,
  ...node,
  ...pods,
  ...images,
  ...eviction,
  ...logs,
  ...process,
} as const;

function readText(value: Json, path: string): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw wrong(path, value, 'text');
}

function taints(): Field<readonly Taint[]> {
  return {
    fallback: [],
    honoured: true,
    read(value, path) {
      if (!isList(value)) throw wrong(path, value, 'a list of taints');
      return value.map((item) => {
        if (isObject(item) && typeof item['key'] === 'string') {
          if (/^(NoSchedule|PreferNoSchedule|NoExecute)$/.test(textOf(item['effect']))) {
            return item as unknown as Taint;
          }
        }
        throw wrong(path, item, 'a taint with key and effect');
      });
    },
  };
}
