import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { configurationFields } from '../../../../src/kubelet/config/fields.ts';

/** Sections whose one field is named in the warning by itself. */
const sections = ['memorySwap', 'crashLoopBackOff'];
const source = fileURLToPath(new URL('../../../../src/', import.meta.url));

/** KubeletConfiguration v1beta1 of Kubernetes 1.36. */
const known = `
  address allowedUnsafeSysctls authentication authorization cgroupDriver cgroupRoot
  cgroupsPerQOS clusterDNS clusterDomain configMapAndSecretChangeDetectionStrategy
  containerLogMaxFiles containerLogMaxSize containerLogMaxWorkers
  containerLogMonitorInterval containerRuntimeEndpoint contentType cpuCFSQuota
  cpuCFSQuotaPeriod cpuManagerPolicy cpuManagerPolicyOptions cpuManagerReconcilePeriod
  crashLoopBackOff enableContentionProfiling enableControllerAttachDetach
  enableDebugFlagsHandler enableDebuggingHandlers enableProfilingHandler enableServer
  enableSystemLogHandler enableSystemLogQuery enforceNodeAllocatable eventBurst
  eventRecordQPS evictionHard evictionMaxPodGracePeriod evictionMinimumReclaim
  evictionPressureTransitionPeriod evictionSoft evictionSoftGracePeriod failCgroupV1
  failSwapOn featureGates fileCheckFrequency hairpinMode healthzBindAddress
  healthzPort httpCheckFrequency imageGCHighThresholdPercent
  imageGCLowThresholdPercent imageMaximumGCAge imageMinimumGCAge
  imagePullCredentialsVerificationPolicy imageServiceEndpoint iptablesDropBit
  iptablesMasqueradeBit kernelMemcgNotification kubeAPIBurst kubeAPIQPS kubeletCgroups
  kubeReserved kubeReservedCgroup localStorageCapacityIsolation logging
  makeIPTablesUtilChains maxOpenFiles maxParallelImagePulls maxPods
  memoryManagerPolicy memoryReservationPolicy memorySwap memoryThrottlingFactor
  mergeDefaultEvictionSettings nodeLeaseDurationSeconds nodeStatusMaxImages
  nodeStatusReportFrequency nodeStatusUpdateFrequency oomScoreAdj podCIDR podLogsDir
  podPidsLimit podsPerCore port preloadedImagesVerificationAllowlist
  protectKernelDefaults providerID qosReserved readOnlyPort registerNode
  registerWithTaints registryBurst registryPullQPS reservedMemory reservedSystemCPUs
  resolvConf rotateCertificates runOnce runtimeRequestTimeout seccompDefault
  serializeImagePulls serverTLSBootstrap showHiddenMetricsForVersion
  shutdownGracePeriod shutdownGracePeriodByPodPriority shutdownGracePeriodCriticalPods
  singleProcessOOMKill staticPodPath staticPodURL staticPodURLHeader
  streamingConnectionIdleTimeout syncFrequency systemCgroups systemReserved
  systemReservedCgroup tlsCertFile tlsCipherSuites tlsCurvePreferences tlsMinVersion
  tlsPrivateKeyFile topologyManagerPolicy topologyManagerPolicyOptions
  topologyManagerScope tracing userNamespaces volumePluginDir volumeStatsAggPeriod
`.trim();

t.test('every field of Kubernetes 1.36 is known, and no other', async (t) => {
  t.same(Object.keys(configurationFields).toSorted(), known.split(/\s+/).toSorted());
});

t.test('what is said to be honoured is read by somebody', async (t) => {
  const names = readdirSync(`${source}kubelet`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'config/fields.ts')
    .map((name) => `kubelet/${name}`);
  // Other commands have flags of the same names.
  const files = [...names, 'cli/run-kubelet.ts'];
  const all = files.map((name) => readFileSync(source + name, 'utf8')).join('\n');
  const unread = Object.entries(configurationFields)
    .filter(([name]) => !sections.includes(name))
    .filter(([name, { honoured }]) => honoured && !new RegExp(`\\b${name}\\b`).test(all))
    .map(([name]) => name);
  t.same(unread, []);
});
